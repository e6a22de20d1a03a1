// SPDX-License-Identifier: Apache-2.0
#include "likelihood_of.hpp"

#include <retrace/core/error.hpp>
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/exact_divergence.hpp>
#include <retrace/odeint/steppers.hpp>
#include <retrace/samplers/embedded_pair.hpp>
#include <retrace/samplers/registry.hpp>

#include <numbers>

namespace retrace {
namespace {

/// `ends` makes EndTerms of the two times.
template <class Ends_of>
Likelihood on_host(HostModel const& model, Ends_of const& ends, Sde const& sde,
                   std::string_view solver, std::span<double const> points,
                   LikelihoodOptions const& options) {
  Span const span = ascending(sde, options.span);
  DivergenceEstimator const divergence =
      options.divergence.value_or(DivergenceEstimator(divergences::exact{}));
  OdeStepper const& stepper =
      odeint_stepper(solver == rk45::info.name ? dopri5::info.name : solver);
  return likelihood_of({.sde = sde,
                        .ends = ends(*span.from, *span.to),
                        .points = points,
                        .probes = divergence.is_exact() ? 0 : divergence.estimates(),
                        .error_per_change = 1},
                       options.budget, [&](Accuracy accuracy) {
                         return encode(model, sde, stepper, span, points, divergence,
                                       options_of(options.encode, accuracy));
                       });
}

auto ends_of_target(Target const& target, Sde const& sde) {
  return [&target, &sde](double from, double to) { return end_terms(target, sde, from, to); };
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
  auto const executor = adaptive_volume_executor(*mixture);
  return likelihood_of({.sde = sde,
                        .ends = end_terms(target, sde, *span.from, *span.to),
                        .points = points,
                        .probes = 0,
                        .error_per_change = 1},
                       options.budget, [&](Accuracy accuracy) {
                         return encode(*executor, *step, sde, span, points,
                                       options_of(options.encode, accuracy));
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
  double const order = sampler_entry(sampler).info.order.value_or(1);
  AnySampler const made = make_sampler(sampler);
  auto const executor = volume_executor(*mixture);
  return likelihood_of(
      {.sde = grid.sde(),
       .ends = end_terms(target, grid.sde(), grid.time(0), grid.time(grid.count())),
       .points = points,
       .probes = 0,
       .error_per_change = error_per_halving(order)},
      budget,
      [&](Accuracy accuracy) { return encode(*executor, made, grid_of(grid, accuracy), points); });
}

double bits_per_dimension(double logp, int dimension) {
  return -logp / (dimension * std::numbers::ln2);
}

}  // namespace retrace
