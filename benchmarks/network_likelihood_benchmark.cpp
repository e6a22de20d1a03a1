// SPDX-License-Identifier: Apache-2.0
// Log likelihoods of 1024 points by a score network in two dimensions (2-128-128-128-2), exact
// divergence, VP from 1e-5 to 1, through log_likelihood(), as a user calls it. The unit is a point.
// RETRACE_NETWORK names a network (safetensors), RETRACE_POINTS its points and RETRACE_REFERENCE
// their log likelihoods (.npy), with which the counters error_mean and error_max compare; without
// them the weights are random, and the steps those of no trained network.
#include "support/paired.hpp"
#include "support/registration.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/io/network_file.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/likelihood/pilot_grid.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace retrace::benchmarks {
namespace {

struct Problem {
  Network network = random_network({}, 1);
  std::vector<double> points, reference;
};

Problem problem() {
  Problem problem;
  if (char const* const file = std::getenv("RETRACE_NETWORK"))
    problem.network = read_network(file).network;
  if (char const* const file = std::getenv("RETRACE_POINTS")) {
    problem.points = read_npy(file).values;
  } else {
    std::vector<float> normals(2 * 1024);
    draw_normals(1, 0, Purpose::start, {}, normals);
    problem.points.assign(normals.begin(), normals.end());
  }
  auto const size = static_cast<std::size_t>(
      2 * effort().scaled(static_cast<std::int64_t>(problem.points.size()) / 2));
  problem.points.resize(size);
  if (char const* const file = std::getenv("RETRACE_REFERENCE"))
    problem.reference = read_npy_list(file);
  return problem;
}

template <class Solve>
void add_solver(std::string const& name, Solve const& solve) {
  add("likelihood/" + name, [solve](benchmark::State& state) {
    Problem const given = problem();
    Likelihood found;
    measure(state, {.run = [&] { found = solve(given); },
                    .units = static_cast<double>(given.points.size()) / 2});
    state.counters["evaluations"] =
        std::accumulate(found.evaluations.begin(), found.evaluations.end(), 0.0) /
        static_cast<double>(found.evaluations.size());
    if (given.reference.size() < found.logp.size()) return;
    double sum = 0, most = 0;
    for (std::size_t i = 0; i < found.logp.size(); ++i) {
      double const error = std::abs(found.logp[i] - given.reference[i]);
      sum += error;
      most = std::max(most, error);
    }
    state.counters["error_mean"] = sum / static_cast<double>(found.logp.size());
    state.counters["error_max"] = most;
  });
}

}  // namespace

void register_benchmarks() {
  for (Arithmetic const arithmetic : {Arithmetic::in_double, Arithmetic::in_float}) {
    std::string const suffix = arithmetic == Arithmetic::in_double ? "/double" : "/float";
    for (std::string const solver : {"dopri5", "tsit5", "cash-karp54"})
      for (auto const& [text, tolerance] : {std::pair{"1e-5", 1e-5}, std::pair{"2e-5", 2e-5}})
        add_solver(solver + "/" + text + suffix, [=, tolerance = tolerance](Problem const& given) {
          return log_likelihood(given.network, vp{}, solver, given.points,
                                {.encode = {.tolerance = {tolerance, tolerance}},
                                 .budget = Budget::none,
                                 .arithmetic = arithmetic});
        });
    for (std::string const sampler : {"exp-abm-5:start=low", "exp-ab-4"})
      for (auto const& [text, error] : {std::pair{"3e-4", 3e-4}, {"2e-4", 2e-4}, {"1e-4", 1e-4}})
        add_solver(
            "pilots/" + sampler + "/" + text + suffix, [=, error = error](Problem const& given) {
              PilotGrid const pilots = pilot_grid(given.network, vp{}, sampler, given.points,
                                                  {.error = error, .arithmetic = arithmetic});
              return log_likelihood(given.network, sampler, pilots.grid, given.points,
                                    {.budget = Budget::none, .arithmetic = arithmetic});
            });
    for (auto const& [sampler, steps] : {std::pair{std::string("exp-ab-4"), 96},
                                         {"exp-ab-4", 144},
                                         {"dpm-solver-3", 32},
                                         {"dpm-solver-3", 72}})
      add_solver(sampler + "/" + std::to_string(steps) + suffix,
                 [=, sampler = sampler, steps = steps](Problem const& given) {
                   Grid const grid = grids::log_snr{}(vp{}, steps, {1e-5, 1.0});
                   return log_likelihood(given.network, sampler, grid, given.points,
                                         {.budget = Budget::none, .arithmetic = arithmetic});
                 });
  }
}

}  // namespace retrace::benchmarks
