// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/metrics/checked.hpp>
#include <retrace/metrics/projected_distances.hpp>
#include <retrace/targets/mixture.hpp>

#include <span>

namespace retrace {

/// How far the projections of samples x [n][d] (rows contiguous) are from those of the law: the
/// largest |F_n - F| over all points and over `directions(d, direction_count)`, where F is exact.
/// The threshold is that of Massart (1990), sqrt(log(2 K / check_level) / (2 n)) for K directions:
/// it holds for every n and every law. In [0, 1], and the same bits for any number of threads and
/// any order of the rows.
///
/// Throws Fault::argument for samples that are none (empty, no whole number of rows, not finite)
/// and for a number of directions below 1.
[[nodiscard]] Checked projected_kolmogorov_smirnov(std::span<double const> x, Mixture const& law,
                                                   int direction_count = default_directions);

}  // namespace retrace
