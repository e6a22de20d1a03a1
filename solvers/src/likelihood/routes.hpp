// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "likelihood_of.hpp"

#include <retrace/odeint/steppers.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>

namespace retrace {

// What routes of targets, host models and networks are made of.

/// The span of a likelihood, from data to noise where it does not say otherwise.
[[nodiscard]] Span ascending(Sde const& sde, Span const& span);

/// The stepper of a run. One whose error estimate does not see integrals makes errors in them that
/// its own finer run may repeat: dopri5 makes that.
[[nodiscard]] OdeStepper const& stepper_of(std::string_view solver, Accuracy accuracy);

/// The options of a run. An estimate that does not see integrals cannot control them.
[[nodiscard]] EncodeOptions options_of(EncodeOptions options, OdeStepper const& stepper,
                                       Accuracy accuracy);

/// f(double{}), or f(float{}) where the run as asked is to be in float: the finer run is in double,
/// and sees the rounding.
template <class F>
[[nodiscard]] Encoded in_arithmetic(LikelihoodOptions const& options, Accuracy accuracy,
                                    F const& f) {
  return accuracy == Accuracy::asked && options.arithmetic == Arithmetic::in_float ? f(float{})
                                                                                   : f(double{});
}

/// The states at the end; NaN for those that did not get there.
[[nodiscard]] HostArray<double> ended(AdaptiveSamples<double> run);

/// States z carried back to data by adaptive_sample() of the model; see Route::decode.
template <class Model>
[[nodiscard]] HostArray<double> decoded(Model const& model, Sde const& sde, std::string_view solver,
                                        Span const& span, HostArray<double> z,
                                        EncodeOptions const& options) {
  return ended(adaptive_sample<double>(model, solver, sde, {span.to, span.from},
                                       {.samples = static_cast<std::int64_t>(z.extent(0)),
                                        .tolerance = options.tolerance,
                                        .max_evaluations = options.max_evaluations,
                                        .start = given_start<double>(z, 0)}));
}

/// The grid, or one that has every step in two, at the middle in lambda.
[[nodiscard]] Grid grid_of(Grid const& grid, Accuracy accuracy);

/// Steps of a grid: encode(accuracy, sampler, grid) carries the points, sample(sampler, grid,
/// options) runs the model.
template <class Encode, class Sample>
[[nodiscard]] Likelihood on_grid(std::function<EndTerms()> ends, std::string_view sampler,
                                 Grid const& grid, std::span<double const> points,
                                 LikelihoodOptions const& options, Encode const& encode,
                                 Sample const& sample) {
  double const order = sampler_entry(sampler).info.order.value_or(1);
  AnySampler const made = make_sampler(sampler);
  Route const route{.solve =
                        [&](Accuracy accuracy, std::span<Spread const>) {
                          return carried(encode(accuracy, made, grid_of(grid, accuracy)));
                        },
                    .decode =
                        [&](HostArray<double> z) {
                          SampleOptions<double> const back{
                              .samples = static_cast<std::int64_t>(z.extent(0)),
                              .start = given_start<double>(z, 0)};
                          return sample(made, grid.reversed(), back).x;
                        },
                    .ends = std::move(ends),
                    .error_per_change = 1 / (1 - std::exp2(-order))};
  return likelihood_of(route, grid.sde(), points, options);
}

}  // namespace retrace
