// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/exact/gaussian.hpp>
#include <retrace/trace/trace.hpp>

namespace retrace {

/// Root mean square distance, over starts and Brownian paths, between what a sampler makes of them
/// and the exact solution of the reverse-time SDE: the strong error, exact, for Gaussian data.
///
/// There both are linear in the start and in the path's increments. In y = x / alpha, with rho =
/// sigma / alpha and the clock c = rho^-2 of core/brownian_tree.hpp, the solution of the
/// reverse-time SDE with tau^2 times the usual noise is
///   y_T - m = K(rho_0) (y_0 - m) + int K(rho) tau rho^2 dW(c),
///   K(rho) = exp(- int from rho_T to rho of (1 + tau^2) r / (v + r^2) dr).
/// Draws that have no place on the path (churn, correctors) count in full. Throws Error (argument)
/// where two draws share a part of it.
[[nodiscard]] double path_error(AnySampler const& sampler, Grid const& grid, Normal const& data,
                                Normal const& start);

}  // namespace retrace
