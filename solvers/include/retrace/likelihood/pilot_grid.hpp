// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/nn/network.hpp>
#include <retrace/sde/grid.hpp>
#include <retrace/sde/grid_rule.hpp>
#include <retrace/targets/target.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace retrace {

/// The sampler that took the fewest evaluations for an error on grids of pilots. A low start does
/// no harm there: their first steps are short.
inline constexpr std::string_view pilot_sampler = "exp-abm-5:start=low";

/// How a few points choose the steps of all.
struct PilotOptions {
  double error = 1e-3;  ///< of log p that is aimed at, root mean square over the pilots, nats
  std::optional<std::int64_t> steps = {};  ///< so many, whatever their error
  std::int64_t points = 32;                ///< pilots, evenly spaced among the points given
  Span span = {};                          ///< as LikelihoodOptions::span
  Arithmetic arithmetic = Arithmetic::in_double;
};

/// A grid, and how it came about.
struct PilotGrid {
  Grid grid;
  double error;         ///< of log p on this grid, root mean square over the pilots, nats
  std::int64_t points;  ///< pilots
  double evaluations;   ///< of the model, for each pilot, the mean
};

/// A grid for all points from the adaptive steps of a few: dopri5 takes each pilot through with
/// steps of its own, and the steps of the grid are as long as theirs, but for a factor, in a mean
/// over the pilots that heeds the shortest most. How many there are, the error decides that
/// `sampler` makes with them on the pilots, beside dopri5 at tolerances of a three hundredth of it.
/// All points then share each level, which costs a network less than levels of their own, and
/// multistep samplers, with one evaluation a step, can be as exact as adaptive pairs with six.
///
/// The error is that of the pilots, whose law is supposed to be that of all points; the budget of
/// log_likelihood() checks every point by itself. Where the aim cannot be had, because of rounding
/// say, `error` is more than it, infinite where runs blew up whatever the steps.
///
/// Throws Error (argument) for an aim that is not positive, no pilots, samplers that are adaptive
/// or draw noise, and where adaptive steps do not run in kernels (targets that are no mixtures,
/// from sigma = 0 or to alpha = 0); (numerics) where a pilot does not get to the end.
[[nodiscard]] PilotGrid pilot_grid(Network const& network, Sde const& sde, std::string_view sampler,
                                   std::span<double const> points,
                                   PilotOptions const& options = {});
[[nodiscard]] PilotGrid pilot_grid(Target const& target, Sde const& sde, std::string_view sampler,
                                   std::span<double const> points,
                                   PilotOptions const& options = {});

}  // namespace retrace
