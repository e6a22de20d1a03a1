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
/// Of exact draws, the square is a quadratic form of nearly normal values, which exceeds z^2 times
/// its mean with at most the probability of a normal beyond z (Szekely and Bakirov 2003). The
/// threshold is check_z times the root of that mean, which is computed, for the n at hand, from the
/// spreads of the order statistics. Asymptotic, good from some hundred samples on, and loose where
/// modes lie far apart, since there the shares of the modes make most of it and their effect on the
/// square has shorter tails than a quadratic form.
///
/// Throws Fault::argument for samples that are none (empty, no whole number of rows, not finite)
/// and for a number of directions below 1; Fault::numerics where the distance overflows.
[[nodiscard]] Checked sliced_wasserstein_2(std::span<double const> x, Mixture const& law,
                                           int direction_count = default_directions);

}  // namespace retrace
