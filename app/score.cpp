// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"
#include "arrays.hpp"
#include "choices.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "scores.hpp"
#include "seeds.hpp"
#include "subject.hpp"
#include "table.hpp"

#include <retrace/core/memory.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/io/atomic_file.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/io/npz.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/draw_rows.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace retrace::app {
namespace {

void require_room(Subject const& subject, std::int64_t rows) {
  constexpr std::int64_t vectors = 3, scalars = 2;  // points, score, denoised; divergence, logp
  require_memory(std::to_string(rows) + " points of " + std::to_string(subject.dimension()) +
                     " numbers and their scores",
                 saturated_product({rows, vectors * subject.dimension() + scalars,
                                    std::int64_t{sizeof(double)}}));
}

Points points_of(NpyArray array) { return {std::move(array.values), array.rows}; }

}  // namespace

void score_command(Words const& words) {
  Arguments arguments(
      {.command = "score",
       .summary =
           "Exact score, divergence of the score, denoised state E[x0 | x] and log density\n"
           "of a target's p_t, in float64: the arrays score [n, d], divergence [n], denoised "
           "[n, d]\nand logp [n] of an .npz file. With --score-error the first three are those "
           "of the spoiled\nscore, which is that of no density: logp is left out, as it is of a "
           "score network (--model),\n"
           "whose points are in its own coordinates. In more than 256 dimensions a TorchScript "
           "module\nhas no divergence here.",
       .notes = names_of_sdes() + names_of_targets() +
                "  or a mixture: FILE.json, or a data set: data:file=FILE.npy,bandwidth=B\n" +
                names_of_score_errors(),
       .examples = {"--target swiss-roll --sde vp --t 0.5 --samples 1000 --out scores.npz"}});
  Given const target_text = arguments.option("--target", "NAME", "the target");
  Given const model = arguments.option("--model", "FILE", help_of_model);
  Given const of_class = arguments.option("--class", "K", help_of_class);
  Given const condition = arguments.option("--condition", "Y,Y,...", help_of_condition);
  ModuleOptions const module(arguments);
  Given const sde = arguments.option("--sde", "NAME", help_of_sde);
  Given const t = arguments.option("--t", "T", "the time");
  Given const points_path = arguments.option("--points", "FILE", "the points, .npy [n, d]");
  Given const samples = arguments.option(
      "--samples", "N", "instead: N exact draws of p_t, also stored as the array points");
  Given const seed_text = arguments.option("--seed", "S", "seed of --samples (default: random)");
  Given const error_text = arguments.option("--score-error", "KIND", help_of_score_error);
  Given const out = arguments.option("--out", "FILE", "where to write the .npz");
  arguments.parse(words);

  ConditionOptions const conditions{of_class, condition};
  Subject const subject = subject_of(target_text, model, conditions, module);
  auto const error = score_error_of(error_text, subject.dimension());
  refuse_for_models(subject, samples, "a network's p_t is not known: give --points");
  std::string const sde_text = sde_text_of(sde, subject);
  Sde const process = make_sde(sde_text);
  NoiseLevel const level = process.at(t.real(times_of(process)));
  refuse_together(points_path, samples, "both say where to score");
  refuse_together(points_path, seed_text, "only --samples draws points");
  if (!samples) static_cast<void>(points_path.text());
  std::int64_t const drawn = samples ? samples.integer(0) : 0;
  std::uint64_t const seed = seed_of(seed_text);
  Outlet const outlet(arguments, out.text());

  if (samples) require_room(subject, drawn);
  Runtime const runtime(arguments.threads());
  Points const points = samples ? Points{draw_rows(*subject.target(), level, seed, 0, drawn), drawn}
                                : points_of(read_points(points_path, subject));
  require_room(subject, points.rows);

  auto const begin = std::chrono::steady_clock::now();
  auto const d = static_cast<std::size_t>(subject.dimension());
  Scores scores = scores_at(subject, level, points);
  if (error) spoil(scores, *error, level, points, subject.dimension());
  require_finite(scores, d);
  std::chrono::duration<double> const seconds = std::chrono::steady_clock::now() - begin;

  std::vector<std::int64_t> const scalar{points.rows}, vector{points.rows, subject.dimension()};
  bool const has_divergence = static_cast<std::int64_t>(scores.divergence.size()) == points.rows;
  std::vector<NpzEntry> arrays{{"score", vector, scores.score.data()}};
  if (has_divergence) arrays.push_back({"divergence", scalar, scores.divergence.data()});
  arrays.push_back({"denoised", vector, scores.denoised.data()});
  bool const has_density = subject.target() && !error;
  if (has_density) arrays.push_back({"logp", scalar, scores.logp.data()});
  if (samples) arrays.push_back({"points", vector, points.values.data()});
  write_npz(out.text(), arrays);
  Written written(out.text());

  if (arguments.json()) {
    Json report{{"sde", sde_text},       {"t", level.t()}, {subject.key(), subject.text()},
                {"points", points.rows}, {"dimension", d}, {"seconds", seconds.count()},
                {"out", out.text()}};
    conditions.add_to(report);
    if (samples) report["seed"] = seed;
    if (error) report["score_error"] = error_text.text();
    print(json_document(report));
  } else {
    outlet.say(std::to_string(points.rows) + " points scored in " + short_number(seconds.count()) +
               " s" + (samples ? ", drawn with seed " + std::to_string(seed) : "") + "\n" +
               retrace::quoted(out.text()) + ": score, " + (has_divergence ? "divergence, " : "") +
               "denoised" + (has_density ? ", logp" : "") + (samples ? ", points" : "") + "\n");
  }
  written.keep();
}

}  // namespace retrace::app
