// SPDX-License-Identifier: Apache-2.0
// Log likelihoods of the mixture that runs beside peers (docs/benchmarks.md), through
// log_likelihood(), as a user calls it. VP from t = 1e-5 to 1, divergences exact unless said
// otherwise; points are draws of the mixture. The unit of adaptive runs is a point, that of steps
// of a grid an evaluation of a point. Errors are distances to log p of the same flow at a tolerance
// of 1e-11: what the ends of the flow leave out is no error of a solver.
#include "support/mixtures.hpp"
#include "support/paired.hpp"
#include "support/registration.hpp"

#include <retrace/likelihood/hutchinson.hpp>
#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>

#include <tbb/task_arena.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace retrace::benchmarks {
namespace {

constexpr Span span{1e-5, 1.0};
constexpr std::int64_t steps = 100;  // of the grid

std::vector<double> points_of(Target const& target, std::int64_t count) {
  std::vector<double> points(static_cast<std::size_t>(2 * count));
  for (std::int64_t row = 0; row < count; ++row)
    target.draw(1, row, std::span(points).subspan(static_cast<std::size_t>(2 * row), 2));
  return points;
}

double mean(std::vector<std::int64_t> const& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
}

Likelihood adaptive(std::string const& solver, std::vector<double> const& points, double tolerance,
                    Budget budget, Arithmetic arithmetic = Arithmetic::in_double) {
  return log_likelihood(peers_mixture(), vp{}, solver, points,
                        {.span = span,
                         .encode = {.tolerance = {.rtol = tolerance, .atol = tolerance}},
                         .budget = budget,
                         .arithmetic = arithmetic});
}

void adaptive_run(benchmark::State& state, std::string const& solver, std::int64_t count,
                  Budget budget, Arithmetic arithmetic) {
  std::vector<double> const points = points_of(peers_mixture(), effort().scaled(count));
  auto const found = [&] { return adaptive(solver, points, 1e-5, budget, arithmetic); };
  measure(state, {.run = [&] { static_cast<void>(found()); },
                  .units = static_cast<double>(points.size()) / 2,
                  .peak = fma_peak<double>});
  Likelihood const run = found(), truth = adaptive(solver, points, 1e-11, Budget::none);
  std::vector<double> errors;
  for (std::size_t i = 0; i < run.logp.size(); ++i)
    errors.push_back(std::abs(run.logp[i] - truth.logp[i]));
  state.counters["evaluations"] = mean(run.evaluations);
  state.counters["error_mean"] =
      std::accumulate(errors.begin(), errors.end(), 0.0) / static_cast<double>(errors.size());
  state.counters["error_max"] = *std::max_element(errors.begin(), errors.end());
}

void grid_run(benchmark::State& state, std::string const& sampler, std::int64_t count) {
  std::vector<double> const points = points_of(peers_mixture(), effort().scaled(count));
  Grid const grid = grids::log_snr{}(vp{}, steps, {1.0, 1e-3}).reversed();
  auto const found = [&] {
    return log_likelihood(peers_mixture(), sampler, grid, points, {.budget = Budget::none});
  };
  std::vector<std::int64_t> const evaluations = found().evaluations;
  measure(state, {.run = [&] { static_cast<void>(found()); },
                  .units = mean(evaluations) * static_cast<double>(evaluations.size()),
                  .peak = fma_peak<double>});
}

void probes_run(benchmark::State& state, int probes) {
  std::vector<double> const points = points_of(peers_mixture(), effort().scaled(256));
  LikelihoodOptions const options{
      .span = span,
      .divergence = divergences::hutchinson{Probes::drawn(probes)},
      .encode = {.tolerance = {.rtol = 1e-3, .atol = 1e-3}, .volume_error = VolumeError::free},
      .budget = Budget::none};
  tbb::task_arena one_thread(1);
  auto const run = [&] {
    one_thread.execute([&] {
      static_cast<void>(log_likelihood(peers_mixture(), vp{}, "dopri5", points, options));
    });
  };
  measure(state,
          {.run = run, .units = static_cast<double>(points.size()) / 2, .peak = fma_peak<double>});
}

}  // namespace

void register_benchmarks() {
  for (Arithmetic const arithmetic : {Arithmetic::in_double, Arithmetic::in_float})
    for (std::string const solver : {"dopri5", "tsit5"}) {
      std::string const name =
          "adaptive/" + solver + (arithmetic == Arithmetic::in_float ? "/float" : "/double");
      for (std::int64_t const count : {256, 1024, 16'384})
        add(name + "/" + std::to_string(count), [=](benchmark::State& state) {
          adaptive_run(state, solver, count, Budget::none, arithmetic);
        });
      add(name + "/1024/budget", [=](benchmark::State& state) {
        adaptive_run(state, solver, 1024, Budget::full, arithmetic);
      });
    }
  for (std::int64_t const count : {1024, 16'384})
    add("grid/dpm-solver-3/" + std::to_string(count),
        [=](benchmark::State& state) { grid_run(state, "dpm-solver-3", count); });
  for (int const probes : {8, 32, 128})
    add("hutchinson/" + std::to_string(probes),
        [=](benchmark::State& state) { probes_run(state, probes); });
}

}  // namespace retrace::benchmarks
