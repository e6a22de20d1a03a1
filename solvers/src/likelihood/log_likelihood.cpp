// SPDX-License-Identifier: Apache-2.0
#include "routes.hpp"

#include <retrace/core/error.hpp>
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/exact_divergence.hpp>
#include <retrace/odeint/sample.hpp>

#include <numbers>
#include <utility>

namespace retrace {
namespace {

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
template <class EndsOf>
Likelihood on_host(HostModel const& model, EndsOf const& ends, Sde const& sde,
                   std::string_view solver, std::span<double const> points,
                   LikelihoodOptions const& options) {
  Span const span = ascending(sde, options.span);
  DivergenceEstimator const divergence =
      options.divergence.value_or(DivergenceEstimator(divergences::exact{}));
  Route const route{
      .solve =
          [&](Accuracy accuracy, std::span<Spread const> asked) {
            OdeStepper const& stepper = stepper_of(solver, accuracy);
            if (options.half_width)
              return in_rounds(model, sde, stepper, span, points, divergence, options, accuracy,
                               asked);
            return carried(encode(model, sde, stepper, span, points, divergence,
                                  options_of(options.encode, stepper, accuracy)));
          },
      .decode =
          [&](HostArray<double> z) {
            return ended(odeint_sample(model, sde, stepper_of(solver, Accuracy::asked),
                                       {span.to, span.from}, given_start<double>(z, 0),
                                       {.samples = static_cast<std::int64_t>(z.extent(0)),
                                        .tolerance = options.encode.tolerance,
                                        .max_evaluations = options.encode.max_evaluations}));
          },
      .ends = [&] { return ends(*span.from, *span.to); }};
  return likelihood_of(route, sde, points, options);
}

auto ends_of_target(Target const& target, Sde const& sde) {
  return [&target, &sde](double from, double to) { return end_terms(target, sde, from, to); };
}

}  // namespace

Likelihood log_likelihood(Target const& target, Sde const& sde, std::string_view solver,
                          std::span<double const> points, LikelihoodOptions const& options) {
  bool const exact = !options.divergence || options.divergence->is_exact();
  Mixture const* const mixture = target.mixture();
  if (mixture == nullptr || !step_program_of(solver) || !exact || options.half_width)
    return on_host(host_model(target), ends_of_target(target, sde), sde, solver, points, options);
  Span const span = ascending(sde, options.span);
  Route const route{.solve =
                        [&](Accuracy accuracy, std::span<Spread const>) {
                          OdeStepper const& stepper = stepper_of(solver, accuracy);
                          return carried(in_arithmetic(options, accuracy, [&]<class T>(T) {
                            return encode(*adaptive_volume_executor<T>(*mixture),
                                          *step_program_of(stepper.name), sde, span, points,
                                          options_of(options.encode, stepper, accuracy));
                          }));
                        },
                    .decode =
                        [&](HostArray<double> z) {
                          return decoded(target, sde, solver, span, z, options.encode);
                        },
                    .ends = [&] { return end_terms(target, sde, *span.from, *span.to); }};
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
  return on_grid(
      [&] { return end_terms(target, grid.sde(), grid.time(0), grid.time(grid.count())); }, sampler,
      grid, points, options,
      [&](Accuracy accuracy, AnySampler const& made, Grid const& steps) {
        return in_arithmetic(options, accuracy, [&]<class T>(T) {
          return encode(*volume_executor<T>(*mixture), made, steps, points,
                        options.encode.first_sample);
        });
      },
      [&](AnySampler const& made, Grid const& back, SampleOptions<double> const& how) {
        return sample<double>(target, made, back, how);
      });
}

double bits_per_dimension(double logp, int dimension) {
  return -logp / (dimension * std::numbers::ln2);
}

}  // namespace retrace
