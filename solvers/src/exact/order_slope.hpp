// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/grid.hpp>
#include <retrace/sde/grid_rule.hpp>
#include <retrace/sde/sde.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace retrace {

/// An SDE with orders. Throws Error (argument) for a discrete one.
[[nodiscard]] Sde continuous_sde(std::string_view text);

/// Two levels amid the noise. Methods of high order reach rounding there in a few steps, before
/// they show their order: they go a longer way.
enum class Way { short_one, long_one };

/// The way of a certificate, from noise to data.
[[nodiscard]] Span certified_span(Sde const& sde, Way way);

/// How the slope of an error is taken: over `halvings` of the steps, the last ones that rounding
/// leaves alone, from `most` steps down.
struct Fit {
  std::int64_t most;
  double floor;
  int halvings = 1;
};

/// The order of an error, measured on one of certified_grids().
[[nodiscard]] double order_slope(std::function<double(Grid const&)> const& error,
                                 std::string_view rule, Sde const& sde, Span const& span,
                                 Fit const& fit);

/// Why a measured order is more than the claimed one; empty where it is not.
[[nodiscard]] std::string remark_of(double claimed, double measured);

}  // namespace retrace
