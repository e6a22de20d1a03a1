// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/metrics/checked.hpp>
#include <retrace/metrics/projected_distances.hpp>
#include <retrace/targets/mixture.hpp>

#include <span>

namespace retrace {

/// Sliced Wasserstein-2 distance between samples x [n][d] (rows contiguous) and the law itself, no
/// draws of it: the root of the mean over `directions(d, direction_count)` of the integral of
/// (F_n^-1 - F^-1)^2, where F is exact. In the unit of the samples; the same bits for any number of
/// threads and any order of the rows.
///
/// Of exact draws, the square is a quadratic form of nearly normal values. With M its mean and L
/// its largest eigenvalue, the threshold is the smaller of two bounds for every such form:
///   check_z sqrt(M)                 (Szekely and Bakirov 2003)
///   sqrt(M) + z sqrt(L)             z = 4.753, the one-sided normal quantile at check_level
/// The second holds since the root of the form is convex and changes by at most sqrt(L) a unit of
/// the normal values (Borell 1975; the median of a convex function is at most its mean, Kwapien
/// 1994). Both are computed for the n at hand, M from the spreads of the order statistics, L as the
/// mean over the directions of the largest eigenvalue along each, which is no less. Asymptotic,
/// good from some hundred samples on, and loose where modes lie far apart: there the shares of the
/// modes make most of both, and the square is linear in them, with shorter tails than any form.
///
/// Throws Fault::argument for samples that are none (empty, no whole number of rows, not finite)
/// and for a number of directions below 1; Fault::numerics where the distance overflows.
[[nodiscard]] Checked sliced_wasserstein_2(std::span<double const> x, Mixture const& law,
                                           int direction_count = default_directions);

}  // namespace retrace
