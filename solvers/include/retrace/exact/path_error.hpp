// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/exact/gaussian.hpp>
#include <retrace/trace/trace.hpp>

namespace retrace {

/// Root mean square distance, over starts and Brownian paths, between what a sampler makes of them
/// and the exact solution of the reverse-time SDE: the strong error, exact, for Gaussian data.
///
/// There both are linear in the start and in the path's increments. In the clock c = exp(2 lambda)
/// (core/brownian_tree.hpp) the denoised state D = E[x0 | x] of data N(m, v) obeys dD = dW / (c +
/// 1/v), so that the solution is x_T = (alpha_T / c_T) ((c_T + 1/v) D_T - m / v). Draws that have
/// no place on the path (churn, correctors) count in full. Throws Error (argument) where two draws
/// share a part of it.
[[nodiscard]] double path_error(AnySampler const& sampler, Grid const& grid, Normal const& data,
                                Normal const& start);

}  // namespace retrace
