// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/end_terms.hpp>
#include <retrace/likelihood/exact_divergence.hpp>
#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/odeint/steppers.hpp>
#include <retrace/samplers/embedded_pair.hpp>
#include <retrace/samplers/registry.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
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

/// A flow solved as asked, or more accurately.
enum class Accuracy { asked, finer };
using Solve = std::function<Encoded(Accuracy)>;

struct Problem {
  Sde const& sde;
  EndTerms ends;
  std::span<double const> points;
  int probes;               ///< 0: the divergence is exact
  double error_per_change;  ///< error of a run over what the finer one changes
};

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

OdeStepper const& stepper_of(std::string_view solver) {
  return odeint_stepper(solver == rk45::info.name ? dopri5::info.name : solver);
}

/// An estimate that does not see integrals cannot control them.
EncodeOptions options_of(EncodeOptions options, OdeStepper const& stepper, Accuracy accuracy) {
  if (stepper.integral_error == IntegralError::unseen) options.volume_error = VolumeError::free;
  if (accuracy == Accuracy::finer) {
    options.tolerance.rtol /= tightening;
    options.tolerance.atol /= tightening;
  }
  return options;
}

/// `ends` makes EndTerms of the two times.
template <class Ends_of>
Likelihood on_host(HostModel const& model, Ends_of const& ends, Sde const& sde,
                   std::string_view solver, std::span<double const> points,
                   LikelihoodOptions const& options) {
  Span const span = ascending(sde, options.span);
  DivergenceEstimator const divergence =
      options.divergence.value_or(DivergenceEstimator(divergences::exact{}));
  OdeStepper const& stepper = stepper_of(solver);
  return likelihood_of({.sde = sde,
                        .ends = ends(*span.from, *span.to),
                        .points = points,
                        .probes = divergence.is_exact() ? 0 : divergence.estimates(),
                        .error_per_change = 1},
                       options.budget, [&](Accuracy accuracy) {
                         return encode(model, sde, stepper, span, points, divergence,
                                       options_of(options.encode, stepper, accuracy));
                       });
}

auto ends_of_target(Target const& target, Sde const& sde) {
  return [&target, &sde](double from, double to) { return end_terms(target, sde, from, to); };
}

/// Every step in two, at the middle in lambda.
Grid halved(Grid const& grid) {
  std::vector<double> times{grid.time(0)};
  for (auto const [s, t, i] : grid.steps()) {
    times.push_back(grid.between(s, t, 0.5).t());
    times.push_back(t.t());
  }
  return {grid.sde(), times};
}

Likelihood on_grid(Executor<double>& executor, EndTerms const& ends, std::string_view sampler,
                   Grid const& grid, std::span<double const> points, Budget budget) {
  double const order = sampler_entry(sampler).info.order.value_or(1);
  AnySampler const made = make_sampler(sampler);
  return likelihood_of({.sde = grid.sde(),
                        .ends = ends,
                        .points = points,
                        .probes = 0,
                        .error_per_change = 1 / (1 - std::exp2(-order))},
                       budget, [&](Accuracy accuracy) {
                         return encode(executor, made,
                                       accuracy == Accuracy::asked ? grid : halved(grid), points);
                       });
}

}  // namespace

Likelihood log_likelihood(Target const& target, Sde const& sde, std::string_view solver,
                          std::span<double const> points, LikelihoodOptions const& options) {
  auto const step = step_program_of(solver);
  bool const exact = !options.divergence || options.divergence->is_exact();
  Mixture const* const mixture = target.mixture();
  if (mixture == nullptr || !step || !exact)
    return on_host(host_model(target), ends_of_target(target, sde), sde, solver, points, options);
  Span const span = ascending(sde, options.span);
  OdeStepper const& stepper = stepper_of(solver);
  auto const executor = adaptive_volume_executor(*mixture);
  return likelihood_of({.sde = sde,
                        .ends = end_terms(target, sde, *span.from, *span.to),
                        .points = points,
                        .probes = 0,
                        .error_per_change = 1},
                       options.budget, [&](Accuracy accuracy) {
                         return encode(*executor, *step, sde, span, points,
                                       options_of(options.encode, stepper, accuracy));
                       });
}

Likelihood log_likelihood(SpoiledTarget const& target, Sde const& sde, std::string_view solver,
                          std::span<double const> points, LikelihoodOptions const& options) {
  return on_host(host_model(target), ends_of_target(target.target, sde), sde, solver, points,
                 options);
}

Likelihood log_likelihood(HostModel const& model, Sde const& sde, std::string_view solver,
                          std::span<double const> points, LikelihoodOptions const& options) {
  return on_host(
      model, [&](double from, double to) { return end_terms(model, sde, from, to); }, sde, solver,
      points, options);
}

Likelihood log_likelihood(Target const& target, std::string_view sampler, Grid const& grid,
                          std::span<double const> points, Budget budget) {
  Mixture const* const mixture = target.mixture();
  if (mixture == nullptr)
    throw Error(Fault::argument, "steps of a grid need a Gaussian mixture here",
                "other targets have no divergence in kernels", "take an adaptive solver");
  return on_grid(*volume_executor(*mixture),
                 end_terms(target, grid.sde(), grid.time(0), grid.time(grid.count())), sampler,
                 grid, points, budget);
}

Likelihood log_likelihood(Network const& network, std::string_view sampler, Grid const& grid,
                          std::span<double const> points, Budget budget) {
  return on_grid(*volume_executor(network),
                 end_terms(host_model(network), grid.sde(), grid.time(0), grid.time(grid.count())),
                 sampler, grid, points, budget);
}

double bits_per_dimension(double logp, int dimension) {
  return -logp / (dimension * std::numbers::ln2);
}

}  // namespace retrace
