// SPDX-License-Identifier: Apache-2.0
#include "likelihood_of.hpp"

#include "row_of.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/targets/draw_rows.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <string>
#include <utility>

namespace retrace {
namespace {

constexpr double safety = 2;
constexpr double rounding = 0x1p-40;  // of some hundred steps, relative to the summands

/// The two summands of log p.
struct Summands {
  double prior, delta;
};
Summands summands(Carried const& run, Sde const& sde, std::size_t row) {
  return {log_prior(row_of(run.encoded.z, row), sde.prior_sigma()), run.change[row].mean};
}

/// f(row) for all points, on all threads.
template <class F>
void each_row(Likelihood const& of, F const& f) {
  parallel_rows(static_cast<std::int64_t>(of.logp.size()),
                [&](std::int64_t row) { f(static_cast<std::size_t>(row)); });
}

/// The spread of the probes, which costs nothing.
void add_trace(Likelihood& result, Carried const& run, LikelihoodOptions const& options) {
  bool const exact = !options.divergence || options.divergence->is_exact();
  if (options.half_width) result.error.probe_count = ProbeCount::until_narrow;
  for (Spread const& change : run.change) {
    result.error.trace.push_back(exact ? 0 : change.standard_error());
    result.error.probes.push_back(exact ? 0 : change.count);
  }
}

void add_correction(Likelihood& result, EndTerms const& ends, std::span<double const> points) {
  std::size_t const d = result.z.extent(1);
  result.correction.resize(result.logp.size());
  result.error.truncation.resize(result.logp.size());
  each_row(result, [&](std::size_t row) {
    auto const [nats, left] = ends.correction(points.subspan(row * d, d));
    result.correction[row] = nats;
    result.error.truncation[row] = left;
    result.logp[row] += nats;
  });
}

/// All terms but those of trace, and of truncation where it is there already.
void add_budget(Likelihood& result, double error_per_change, EndTerms const& ends, Sde const& sde,
                std::span<double const> points, Carried const& run, Carried const& better) {
  std::size_t const n = result.logp.size(), d = result.z.extent(1);
  ErrorBudget& budget = result.error;
  bool const corrected = !result.correction.empty();
  for (std::vector<double>* term : {&budget.ode, &budget.prior, &budget.truncation})
    term->resize(n);
  each_row(result, [&](std::size_t row) {
    Summands const asked = summands(run, sde, row);
    Summands const finer_one = summands(better, sde, row);
    // Apart, because their errors may happen to cancel for a point, in the one run or the other.
    double const change =
        std::abs(asked.prior - finer_one.prior) + std::abs(asked.delta - finer_one.delta);
    budget.ode[row] = safety * error_per_change * change +
                      rounding * (1 + std::abs(asked.prior) + std::abs(asked.delta));
    budget.prior[row] = ends.prior(row_of(run.encoded.z, row), asked.prior);
    if (!corrected) budget.truncation[row] = ends.truncation(points.subspan(row * d, d));
  });
}

void add_round_trip(Likelihood& result, Route const& route, std::span<double const> points) {
  HostArray<double> const back = route.decode(result.z);
  std::size_t const d = result.z.extent(1);
  for (std::size_t row = 0; row < result.logp.size(); ++row) {
    double square = 0;
    for (std::size_t c = 0; c < d; ++c)
      square += (back(row, c) - points[row * d + c]) * (back(row, c) - points[row * d + c]);
    result.round_trip.push_back(std::isfinite(square) ? std::sqrt(square)
                                                      : std::numeric_limits<double>::infinity());
  }
}

}  // namespace

double log_prior(std::span<double const> z, double sigma) {
  double square = 0;
  for (double const along : z) square += along / sigma * (along / sigma);
  return -0.5 * square -
         static_cast<double>(z.size()) * (std::log(sigma) + 0.5 * std::log(2 * std::numbers::pi));
}

void refuse_unfinished(Encoded const& run, std::uint64_t first_sample) {
  auto const stopped = std::find_if(run.outcomes.begin(), run.outcomes.end(),
                                    [](Outcome outcome) { return outcome != Outcome::done; });
  if (stopped == run.outcomes.end()) return;
  auto const row = static_cast<std::size_t>(stopped - run.outcomes.begin());
  auto const count = std::count_if(run.outcomes.begin(), run.outcomes.end(),
                                   [](Outcome outcome) { return outcome != Outcome::done; });
  throw Error(Fault::numerics,
              std::to_string(count) + " of " + std::to_string(run.outcomes.size()) +
                  " points did not get to the end",
              "the first is point " + std::to_string(first_sample + row) + ", " +
                  std::string(name(run.outcomes[row])) + " at t = " + shortest(run.t[row]) +
                  " after " + std::to_string(run.evaluations[row]) + " evaluations",
              "larger --rtol and --atol may help");
}

Carried carried(Encoded encoded) {
  Carried result{.encoded = std::move(encoded), .change = {}};
  result.change.resize(result.encoded.change.extent(0));
  for (std::size_t row = 0; row < result.change.size(); ++row)
    result.change[row].add(row_of(result.encoded.change, row));
  return result;
}

Likelihood likelihood_of(Route const& route, Sde const& sde, std::span<double const> points,
                         LikelihoodOptions const& options) {
  auto const begin = std::chrono::steady_clock::now();
  Carried run = route.solve(Accuracy::asked, {});
  refuse_unfinished(run.encoded, options.encode.first_sample);
  Likelihood result;
  for (std::size_t row = 0; row < run.change.size(); ++row) {
    auto const [prior, delta] = summands(run, sde, row);
    result.prior_logp.push_back(prior);
    result.delta_logp.push_back(delta);
    result.logp.push_back(prior + delta);
  }
  result.z = run.encoded.z;
  add_trace(result, run, options);
  bool const corrected = options.truncation == Truncation::corrected;
  bool const budgeted = options.budget == Budget::full;
  EndTerms const ends = corrected || budgeted ? route.ends() : EndTerms{};
  if (corrected) add_correction(result, ends, points);
  if (budgeted) {
    Carried const better = route.solve(Accuracy::finer, run.change);
    refuse_unfinished(better.encoded, options.encode.first_sample);
    add_budget(result, route.error_per_change, ends, sde, points, run, better);
    result.budget_evaluations = better.encoded.evaluations;
  }
  if (options.round_trip == RoundTrip::measured) add_round_trip(result, route, points);
  result.evaluations = std::move(run.encoded.evaluations);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace retrace
