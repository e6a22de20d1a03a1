// SPDX-License-Identifier: Apache-2.0
#include "likelihood_of.hpp"

#include <retrace/core/error.hpp>
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/exact_divergence.hpp>
#include <retrace/odeint/sample.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/embedded_pair.hpp>
#include <retrace/samplers/registry.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <utility>

namespace retrace {
namespace {

constexpr double tightening = 32;  // tolerances: twice the steps at order 5

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

/// The states at the end; NaN for those that did not get there.
HostArray<double> ended(AdaptiveSamples<double> run) {
  for (std::size_t row = 0; row < run.outcomes.size(); ++row)
    if (run.outcomes[row] != Outcome::done)
      run.x(row, 0) = std::numeric_limits<double>::quiet_NaN();
  return std::move(run.x);
}

/// The rounds that the half-width needs, or for the finer run those that it has taken.
Carried in_rounds(HostModel const& model, Sde const& sde, OdeStepper const& stepper, Span span,
                  std::span<double const> points, DivergenceEstimator const& divergence,
                  LikelihoodOptions const& options, Accuracy accuracy,
                  std::span<Spread const> asked) {
  EncodeOptions const encoding = options_of(options.encode, stepper, accuracy);
  if (accuracy == Accuracy::asked) {
    auto found = encode_to_half_width(model, sde, stepper, span, points, divergence, encoding,
                                      *options.half_width);
    return {std::move(found.first), std::move(found.change)};
  }
  auto found = encode_in_rounds(
      model, sde, stepper, span, points, divergence, encoding,
      [&](RoundsSoFar const& so_far) { return so_far.change.count < asked[so_far.row].count; });
  found.first.outcomes = std::move(found.last);
  return {std::move(found.first), std::move(found.change)};
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
  Route const route{.solve =
                        [&](Accuracy accuracy, std::span<Spread const> asked) {
                          if (options.half_width)
                            return in_rounds(model, sde, stepper, span, points, divergence, options,
                                             accuracy, asked);
                          return carried(encode(model, sde, stepper, span, points, divergence,
                                                options_of(options.encode, stepper, accuracy)));
                        },
                    .decode =
                        [&](HostArray<double> z) {
                          return ended(odeint_sample(
                              model, sde, stepper, {span.to, span.from}, given_start<double>(z, 0),
                              {.samples = static_cast<std::int64_t>(z.extent(0)),
                               .tolerance = options.encode.tolerance,
                               .max_evaluations = options.encode.max_evaluations}));
                        },
                    .ends = ends(*span.from, *span.to)};
  return likelihood_of(route, sde, points, options);
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

/// `decode(sampler, options)` samples the model backwards on the grid.
template <class Decode>
Likelihood on_grid(Executor<double>& executor, EndTerms const& ends, std::string_view sampler,
                   Grid const& grid, std::span<double const> points,
                   LikelihoodOptions const& options, Decode const& decode) {
  double const order = sampler_entry(sampler).info.order.value_or(1);
  AnySampler const made = make_sampler(sampler);
  Route const route{
      .solve =
          [&](Accuracy accuracy, std::span<Spread const>) {
            return carried(encode(executor, made, accuracy == Accuracy::asked ? grid : halved(grid),
                                  points, options.encode.first_sample));
          },
      .decode =
          [&](HostArray<double> z) {
            return decode(made,
                          SampleOptions<double>{.samples = static_cast<std::int64_t>(z.extent(0)),
                                                .start = given_start<double>(z, 0)})
                .x;
          },
      .ends = ends,
      .error_per_change = 1 / (1 - std::exp2(-order))};
  return likelihood_of(route, grid.sde(), points, options);
}

}  // namespace

Likelihood log_likelihood(Target const& target, Sde const& sde, std::string_view solver,
                          std::span<double const> points, LikelihoodOptions const& options) {
  auto const step = step_program_of(solver);
  bool const exact = !options.divergence || options.divergence->is_exact();
  Mixture const* const mixture = target.mixture();
  if (mixture == nullptr || !step || !exact || options.half_width)
    return on_host(host_model(target), ends_of_target(target, sde), sde, solver, points, options);
  Span const span = ascending(sde, options.span);
  OdeStepper const& stepper = stepper_of(solver);
  auto const executor = adaptive_volume_executor(*mixture);
  Route const route{
      .solve =
          [&](Accuracy accuracy, std::span<Spread const>) {
            return carried(encode(*executor, *step, sde, span, points,
                                  options_of(options.encode, stepper, accuracy)));
          },
      .decode =
          [&](HostArray<double> z) {
            return ended(adaptive_sample<double>(target, solver, sde, {span.to, span.from},
                                                 {.samples = static_cast<std::int64_t>(z.extent(0)),
                                                  .tolerance = options.encode.tolerance,
                                                  .max_evaluations = options.encode.max_evaluations,
                                                  .start = given_start<double>(z, 0)}));
          },
      .ends = end_terms(target, sde, *span.from, *span.to)};
  return likelihood_of(route, sde, points, options);
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
                          std::span<double const> points, LikelihoodOptions const& options) {
  Mixture const* const mixture = target.mixture();
  if (mixture == nullptr)
    throw Error(Fault::argument, "steps of a grid need a Gaussian mixture here",
                "other targets have no divergence in kernels", "take an adaptive solver");
  return on_grid(*volume_executor(*mixture),
                 end_terms(target, grid.sde(), grid.time(0), grid.time(grid.count())), sampler,
                 grid, points, options,
                 [&](AnySampler const& made, SampleOptions<double> const& back) {
                   return sample<double>(target, made, grid.reversed(), back);
                 });
}

Likelihood log_likelihood(Network const& network, std::string_view sampler, Grid const& grid,
                          std::span<double const> points, LikelihoodOptions const& options) {
  return on_grid(*volume_executor(network),
                 end_terms(host_model(network), grid.sde(), grid.time(0), grid.time(grid.count())),
                 sampler, grid, points, options,
                 [&](AnySampler const& made, SampleOptions<double> const& back) {
                   return sample<double>(network, made, grid.reversed(), back);
                 });
}

double bits_per_dimension(double logp, int dimension) {
  return -logp / (dimension * std::numbers::ln2);
}

}  // namespace retrace
