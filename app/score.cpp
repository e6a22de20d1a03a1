// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"
#include "choices.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "seeds.hpp"
#include "table.hpp"

#include <retrace/core/memory.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/io/atomic_file.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/io/npz.hpp>
#include <retrace/run/spoiled.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/draw_rows.hpp>
#include <retrace/targets/registry.hpp>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace retrace::app {
namespace {

/// Where to score: [rows][dimension].
struct Points {
  std::vector<double> values;
  std::int64_t rows = 0;
};

struct Scores {
  std::vector<double> score, divergence, denoised, logp;
};

void require_room(Target const& target, std::int64_t rows) {
  constexpr std::int64_t vectors = 3, scalars = 2;  // points, score, denoised; divergence, logp
  require_memory(std::to_string(rows) + " points of " + std::to_string(target.dimension()) +
                     " numbers and their scores",
                 saturated_product(
                     {rows, vectors * target.dimension() + scalars, std::int64_t{sizeof(double)}}));
}

Points read_points(std::string const& path, Target const& target) {
  NpyArray array = read_npy(path);
  if (array.columns != target.dimension())
    throw Error(Fault::argument,
                "--points " + retrace::quoted(path) + " has the shape [" +
                    std::to_string(array.rows) + ", " + std::to_string(array.columns) + "]",
                "the target needs [n, " + std::to_string(target.dimension()) + "]");
  return {std::move(array.values), array.rows};
}

Scores score_at(TargetAtLevel const& law, Points const& points, std::size_t d) {
  auto const n = static_cast<std::size_t>(points.rows);
  Scores scores{std::vector<double>(n * d), std::vector<double>(n), std::vector<double>(n * d),
                std::vector<double>(n)};
  parallel_rows(points.rows, [&](std::int64_t number) {
    auto const i = static_cast<std::size_t>(number);
    auto const row_of = [&](auto& values) { return std::span(values).subspan(i * d, d); };
    auto const [log_density, divergence] =
        law.evaluate(row_of(points.values), row_of(scores.score), row_of(scores.denoised));
    scores.logp[i] = log_density;
    scores.divergence[i] = divergence;
  });
  return scores;
}

/// The same with an error planted in the score. What is left is the score of no density, so log
/// densities are not touched.
void spoil(Scores& scores, ScoreError const& error, NoiseLevel const& level, Points const& points,
           int dimension) {
  if (level.is_clean())
    throw Error(Fault::argument, "--score-error needs a level with noise",
                "sigma is 0 at t = " + short_number(level.t(), 6));
  ScoreErrorField const field(error, dimension);
  double const denoised_per_score =
      score_error_factors(ErrorScale::absolute, Prediction::denoised, std::span(&level, 1))[0];
  auto const d = static_cast<std::size_t>(dimension);
  parallel_rows(points.rows, [&](std::int64_t number) {
    auto const i = static_cast<std::size_t>(number);
    std::vector<double> off(d);
    scores.divergence[i] += field.evaluate(std::span(points.values).subspan(i * d, d), level, off);
    for (std::size_t c = 0; c < d; ++c) {
      scores.score[i * d + c] += off[c];
      scores.denoised[i * d + c] += denoised_per_score * off[c];
    }
  });
}

/// P5: no silent NaN. Points can lie so far out that their log density overflows.
void require_finite(Scores const& scores, std::size_t d) {
  for (std::size_t i = 0; i < scores.logp.size(); ++i) {
    double sum = scores.logp[i] * 0 + scores.divergence[i] * 0;
    for (std::size_t c = i * d; c < (i + 1) * d; ++c)
      sum += scores.score[c] * 0 + scores.denoised[c] * 0;
    if (sum != 0)
      throw Error(Fault::numerics, "the score at point " + std::to_string(i) + " is not finite",
                  "the point lies too far from the target for float64");
  }
}

}  // namespace

void score_command(Words const& words) {
  Arguments arguments(
      {.command = "score",
       .summary =
           "Exact score, divergence of the score, denoised state E[x0 | x] and log density\n"
           "of a target's p_t, in float64: the arrays score [n, d], divergence [n], denoised "
           "[n, d]\nand logp [n] of an .npz file. With --score-error the first three are those "
           "of the spoiled\nscore, which is that of no density: logp is left out.",
       .notes = names_of_sdes() + names_of_targets() +
                "  or a mixture: FILE.json, or a data set: data:file=FILE.npy,bandwidth=B\n" +
                names_of_score_errors(),
       .examples = {"--target swiss-roll --sde vp --t 0.5 --samples 1000 --out scores.npz"}});
  Given const target_text = arguments.option("--target", "NAME", "the target");
  Given const sde_text = arguments.option("--sde", "NAME", "the SDE");
  Given const t = arguments.option("--t", "T", "the time");
  Given const points_path = arguments.option("--points", "FILE", "the points, .npy [n, d]");
  Given const samples = arguments.option(
      "--samples", "N", "instead: N exact draws of p_t, also stored as the array points");
  Given const seed_text = arguments.option("--seed", "S", "seed of --samples (default: random)");
  Given const error_text = arguments.option("--score-error", "KIND", help_of_score_error);
  Given const out = arguments.option("--out", "FILE", "where to write the .npz");
  arguments.parse(words);

  Target const target = make_target(target_text.text());
  auto const error = score_error_of(error_text, target.dimension());
  Sde const sde = make_sde(sde_text.text());
  NoiseLevel const level = sde.at(t.real(times_of(sde)));
  refuse_together(points_path, samples, "both say where to score");
  refuse_together(points_path, seed_text, "only --samples draws points");
  if (!samples) static_cast<void>(points_path.text());
  std::int64_t const drawn = samples ? samples.integer(0) : 0;
  std::uint64_t const seed = seed_of(seed_text);
  Outlet const outlet(arguments, out.text());

  if (samples) require_room(target, drawn);
  Runtime const runtime(arguments.threads());
  Points const points = samples ? Points{draw_rows(target, level, seed, 0, drawn), drawn}
                                : read_points(points_path.text(), target);
  require_room(target, points.rows);

  auto const begin = std::chrono::steady_clock::now();
  auto const d = static_cast<std::size_t>(target.dimension());
  Scores scores = score_at(target.at(level), points, d);
  if (error) spoil(scores, *error, level, points, target.dimension());
  require_finite(scores, d);
  std::chrono::duration<double> const seconds = std::chrono::steady_clock::now() - begin;

  std::vector<std::int64_t> const scalar{points.rows}, vector{points.rows, target.dimension()};
  std::vector<NpzEntry> arrays{{"score", vector, scores.score.data()},
                               {"divergence", scalar, scores.divergence.data()},
                               {"denoised", vector, scores.denoised.data()}};
  if (!error) arrays.push_back({"logp", scalar, scores.logp.data()});
  if (samples) arrays.push_back({"points", vector, points.values.data()});
  write_npz(out.text(), arrays);
  Written written(out.text());

  if (arguments.json()) {
    Json report{{"sde", sde_text.text()}, {"t", level.t()}, {"target", target_text.text()},
                {"points", points.rows},  {"dimension", d}, {"seconds", seconds.count()},
                {"out", out.text()}};
    if (samples) report["seed"] = seed;
    if (error) report["score_error"] = error_text.text();
    print(json_document(report));
  } else {
    outlet.say(std::to_string(points.rows) + " points scored in " + short_number(seconds.count()) +
               " s" + (samples ? ", drawn with seed " + std::to_string(seed) : "") + "\n" +
               retrace::quoted(out.text()) + ": score, divergence, denoised" +
               (error ? "" : ", logp") + (samples ? ", points" : "") + "\n");
  }
  written.keep();
}

}  // namespace retrace::app
