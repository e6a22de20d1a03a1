// SPDX-License-Identifier: Apache-2.0
#include "comparison.hpp"

#include <retrace/core/interrupt.hpp>
#include <retrace/core/memory.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/targets/draw_rows.hpp>

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

namespace retrace::app {
namespace {

constexpr std::size_t shown_points = 4000;  // more make a picture darker, not clearer

Cloud cloud_of(std::vector<double> const& x, int dimension) {
  auto const d = static_cast<std::size_t>(dimension), shown = std::min<std::size_t>(d, 2);
  Cloud cloud{.dimension = static_cast<int>(shown), .points = {}};
  for (std::size_t i = 0; i < std::min(x.size() / d, shown_points); ++i)
    for (std::size_t c = 0; c < shown; ++c) cloud.points.push_back(x[i * d + c]);
  return cloud;
}

/// Measures one run, in float; `label` is what its rows are called.
Row row_of(Samples<float> const& result, Contest const& contest, std::string label,
           std::string score, std::vector<double> const& x, std::vector<double> const& exact) {
  auto const d = static_cast<int>(result.x.extent(1));
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  return {.sampler = std::move(label),
          .score = std::move(score),
          .evaluations = contest.evaluations,
          .evaluations_used = result.evaluations,
          .steps = result.steps,
          .grid = contest.grid.text,
          .distances = result.nonfinite > 0 ? ProjectedDistances{none, none}
                                            : projected_distances(x, exact, d),
          .nonfinite = result.nonfinite,
          .seconds = result.seconds,
          .cloud = cloud_of(x, d)};
}

Row run_on_target(Contenders const& contenders, Contest const& contest,
                  SampleOptions<float> const& options, std::vector<double> const& exact) {
  auto const run_on = [&](auto const& model) {
    return sample<float>(model, contest.sampler.sampler, contest.grid.grid, options);
  };
  auto const result = contenders.error ? run_on(spoiled(contenders.target, *contenders.error))
                                       : run_on(contenders.target);
  std::vector<double> const x(result.x.data(), result.x.data() + result.x.size());
  return row_of(result, contest, contest.sampler.text, contenders.error ? "spoiled" : "exact", x,
                exact);
}

Row run_on_model(Subject const& model, Contest const& contest, SampleOptions<float> const& options,
                 std::vector<double> const& exact) {
  auto const run_on = [&](auto const& kind) {
    return sample<float>(kind, contest.sampler.sampler, contest.grid.grid, options);
  };
  auto const result =
      model.trained() ? run_on(model.trained()->network) : run_on(*model.torchscript());
  std::vector<double> x(result.x.data(), result.x.data() + result.x.size());
  if (Normalisation const* const n = model.normalisation()) n->to_data(std::span(x));
  return row_of(result, contest, contest.sampler.text + " (model)", "model", x, exact);
}

}  // namespace

Contest make_contest(ChosenSampler const& sampler, Sde const& sde,
                     std::optional<std::string> const& rule, Span span, std::int64_t evaluations) {
  auto const with_steps = [&](std::int64_t steps) {
    ChosenGrid grid = sampler_grid(sampler, sde, rule, steps, span);
    std::int64_t const used = cost(sampler.sampler, grid.grid).evaluations;
    return Contest{sampler, std::move(grid), evaluations, used};
  };
  // What a step costs is known; first and last steps may cost more or less.
  std::int64_t steps = std::max<std::int64_t>(
      1, evaluations / std::max<std::int64_t>(1, sampler.traits.evaluations_per_step));
  Contest best = with_steps(steps);
  while (best.evaluations_used > evaluations && steps > 1) best = with_steps(--steps);
  if (best.evaluations_used > evaluations)
    throw Error(Fault::argument,
                "--evaluations " + std::to_string(evaluations) + " is too few for sampler " +
                    retrace::quoted(sampler.text),
                "its first step takes " + std::to_string(best.evaluations_used));
  while (best.evaluations_used < evaluations) {
    Contest next = with_steps(++steps);
    if (next.evaluations_used > evaluations) break;
    best = std::move(next);
  }
  return best;
}

void require_room(Target const& target, std::int64_t samples) {
  // Samples in float and double, two sets of exact draws, projections.
  constexpr std::int64_t copies = 6;
  require_memory(
      std::to_string(samples) + " samples of " + std::to_string(target.dimension()) + " numbers",
      saturated_product({samples, target.dimension(), copies, std::int64_t{sizeof(double)}}));
}

Comparison compare(Contenders const& contenders, std::vector<Contest> const& contests,
                   std::int64_t samples, std::uint64_t seed,
                   std::function<void(std::int64_t)> const& progress) {
  Target const& target = contenders.target;
  int const d = target.dimension();
  Comparison comparison;
  std::vector<double> const exact = draw_rows(target, seed, samples, samples);
  comparison.exact = cloud_of(exact, d);
  comparison.floor = projected_distances(exact, draw_rows(target, seed, 2 * samples, samples), d);
  std::int64_t before = 0;
  SampleOptions<float> options{.samples = samples, .seed = seed};
  if (progress)
    options.progress = [&](std::int64_t done, std::int64_t) { progress(before + done); };
  auto const add = [&](Row row) {
    comparison.rows.push_back(std::move(row));
    before += samples;
    throw_if_interrupted();
  };
  throw_if_interrupted();
  for (Contest const& contest : contests) {
    add(run_on_target(contenders, contest, options, exact));
    if (contenders.model) add(run_on_model(*contenders.model, contest, options, exact));
  }
  return comparison;
}

}  // namespace retrace::app
