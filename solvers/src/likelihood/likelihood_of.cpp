// SPDX-License-Identifier: Apache-2.0
#include "likelihood_of.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>
#include <string>
#include <utility>

namespace retrace {
namespace {

constexpr double safety = 2;
constexpr double tightening = 32;     // tolerances: twice the steps at order 5
constexpr double rounding = 0x1p-40;  // of some hundred steps, relative to the summands

std::span<double const> row_of(HostArray<double const> x, std::size_t row) {
  return {&x(row, 0), x.extent(1)};
}

double mean_of_row(HostArray<double const> x, std::size_t row) {
  std::span<double const> const values = row_of(x, row);
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// log N(z; 0, sigma^2 I)
double log_prior(std::span<double const> z, double sigma) {
  double square = 0;
  for (double const along : z) square += along / sigma * (along / sigma);
  return -0.5 * square -
         static_cast<double>(z.size()) * (std::log(sigma) + 0.5 * std::log(2 * std::numbers::pi));
}

/// Standard deviation of a mean of the values.
double standard_error(std::span<double const> values) {
  auto const count = static_cast<double>(values.size());
  if (count < 2) return std::numeric_limits<double>::infinity();
  double const mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double squares = 0;
  for (double const value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (count - 1) / count);
}

void refuse_unfinished(Encoded const& run) {
  auto const stopped = std::find_if(run.outcomes.begin(), run.outcomes.end(),
                                    [](Outcome outcome) { return outcome != Outcome::done; });
  if (stopped == run.outcomes.end()) return;
  auto const row = static_cast<std::size_t>(stopped - run.outcomes.begin());
  auto const count = std::count_if(run.outcomes.begin(), run.outcomes.end(),
                                   [](Outcome outcome) { return outcome != Outcome::done; });
  throw Error(Fault::numerics,
              std::to_string(count) + " of " + std::to_string(run.outcomes.size()) +
                  " points did not get to the end",
              "the first is point " + std::to_string(row) + ", " +
                  std::string(name(run.outcomes[row])) + " at t = " + shortest(run.t[row]) +
                  " after " + std::to_string(run.evaluations[row]) + " evaluations",
              "larger --rtol and --atol may help");
}

/// The two summands of log p.
struct Summands {
  double prior, delta;
};
Summands summands(Encoded const& run, Sde const& sde, std::size_t row) {
  return {log_prior(row_of(run.z, row), sde.prior_sigma()), mean_of_row(run.change, row)};
}

ErrorBudget budget_of(Problem const& problem, Encoded const& run, Encoded const& better) {
  std::size_t const n = run.z.extent(0), d = run.z.extent(1);
  ErrorBudget budget{.probes = problem.probes};
  for (std::size_t row = 0; row < n; ++row) {
    Summands const asked = summands(run, problem.sde, row);
    Summands const finer_one = summands(better, problem.sde, row);
    // Apart, because their errors may happen to cancel for a point, in the one run or the other.
    double const change =
        std::abs(asked.prior - finer_one.prior) + std::abs(asked.delta - finer_one.delta);
    budget.ode.push_back(safety * problem.error_per_change * change +
                         rounding * (1 + std::abs(asked.prior) + std::abs(asked.delta)));
    budget.trace.push_back(problem.probes == 0 ? 0 : standard_error(row_of(run.change, row)));
    budget.prior.push_back(problem.ends.prior(row_of(run.z, row), asked.prior));
    budget.truncation.push_back(problem.ends.truncation(problem.points.subspan(row * d, d)));
  }
  return budget;
}

}  // namespace

Likelihood likelihood_of(Problem const& problem, Budget budget, Solve const& solve) {
  auto const begin = std::chrono::steady_clock::now();
  Encoded run = solve(Accuracy::asked);
  refuse_unfinished(run);
  Likelihood result;
  for (std::size_t row = 0; row < run.z.extent(0); ++row) {
    auto const [prior, delta] = summands(run, problem.sde, row);
    result.prior_logp.push_back(prior);
    result.delta_logp.push_back(delta);
    result.logp.push_back(prior + delta);
  }
  if (budget == Budget::full) {
    Encoded const better = solve(Accuracy::finer);
    refuse_unfinished(better);
    result.error = budget_of(problem, run, better);
    result.budget_evaluations = better.evaluations;
  }
  result.z = run.z;
  result.evaluations = std::move(run.evaluations);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

Span ascending(Sde const& sde, Span const& span) {
  return {span.from.value_or(sde.default_end(Solver::deterministic)),
          span.to.value_or(sde.t_max())};
}

EncodeOptions options_of(EncodeOptions options, Accuracy accuracy) {
  if (accuracy == Accuracy::finer) {
    options.tolerance.rtol /= tightening;
    options.tolerance.atol /= tightening;
  }
  return options;
}

Grid grid_of(Grid const& grid, Accuracy accuracy) {
  if (accuracy == Accuracy::asked) return grid;
  std::vector<double> times{grid.time(0)};
  for (auto const [s, t, i] : grid.steps()) {
    times.push_back(grid.between(s, t, 0.5).t());
    times.push_back(t.t());
  }
  return {grid.sde(), times};
}

double error_per_halving(double order) { return 1 / (1 - std::exp2(-order)); }

}  // namespace retrace
