// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>

namespace retrace {

/// Enough that in two dimensions a mean of |u . v| over them is 2 |v| / pi to a relative 2.1e-4.
inline constexpr int default_directions = 64;

struct ProjectedDistances {
  double sliced_wasserstein, energy_distance;
};

/// Two distances between the laws of two samples x [n][dimension] and y [m][dimension] (rows
/// contiguous, n and m may differ), both from the distribution functions F and G of their
/// projections on `directions(dimension, direction_count)`, in O((n + m) log(n + m)) a direction.
/// Both are in the unit of the samples, zero for equal samples, and the same bits for any number of
/// threads and any order of the rows.
///
/// - sliced_wasserstein: mean over the directions of the Wasserstein-1 distance on the line, which
///   is the integral of |F - G| (Bonneel et al. 2015).
/// - energy_distance: 2 E|X - Y| - E|X - X'| - E|Y - Y'|, the means over all pairs, equal ones too
///   (Szekely and Rizzo 2013, the V-statistic): never negative, and (1/n + 1/m) E|X - X'| in the
///   mean where the laws are the same. Since |v| is c_d times the mean of |u . v| over the sphere,
///   it is c_d times the mean over the directions of 2 integral (F - G)^2: exact in one dimension,
///   elsewhere up to the finite number of directions.
///
/// Throws Fault::argument for a sample that is empty, is no whole number of rows or is not finite
/// (the row is named), and for a dimension or number of directions below 1; Fault::numerics where
/// the distances overflow.
[[nodiscard]] ProjectedDistances projected_distances(std::span<double const> x,
                                                     std::span<double const> y, int dimension,
                                                     int direction_count = default_directions);

/// The one figure of projected_distances(); ask for both at once where both are wanted.
[[nodiscard]] double sliced_wasserstein(std::span<double const> x, std::span<double const> y,
                                        int dimension, int direction_count = default_directions);

/// The other figure of projected_distances().
[[nodiscard]] double energy_distance(std::span<double const> x, std::span<double const> y,
                                     int dimension, int direction_count = default_directions);

}  // namespace retrace
