// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/mixture.hpp>

#include <cstdint>
#include <vector>

namespace retrace {

/// Every bandwidth that is allowed, in the units of the data.
inline constexpr double least_bandwidth = 1e-6, most_bandwidth = 1e6;

/// The kernel density estimate of a data set: an equal Gaussian N(row, bandwidth^2 I) around every
/// row. `rows` is [n][dimension], row-major, kept as it is: neither centred nor scaled. At least 2
/// rows; at most 131 072 and 2^24 numbers, because the tables of a fused run hold 2 dimension + 3
/// numbers a row and level. Throws Error (argument), naming row and column, counted from 0, of a
/// number that is not finite.
///
/// A fused run in float multiplies squares out: its weights are those of this mixture as long as no
/// row is further than about 1000 bandwidths from the origin. Runs in double, and log densities
/// always, are right beyond.
[[nodiscard]] Mixture kernel_density(std::vector<double> rows, std::int64_t dimension,
                                     double bandwidth);

}  // namespace retrace
