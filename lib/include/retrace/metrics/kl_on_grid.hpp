// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/metrics/checked.hpp>
#include <retrace/targets/mixture.hpp>

#include <span>

namespace retrace {

/// Cells along each axis: few enough that smooth faults stand out of the degrees of freedom.
inline constexpr int default_grid = 16;

/// Kullback-Leibler divergence, in nats, of the law from the histogram of samples x [n][2] (rows
/// contiguous) on a grid: sum over its cells of f log(f / p), f the share of the samples and p the
/// probability under the law, to 1e-12. The lines of the grid are at the quantiles
/// j / `cells` of the two marginals, so that it follows the law and covers the plane. Cells
/// that expect fewer than 10 samples are one cell, wherever they are; should that expect fewer
/// still, the least of the others join it. The same bits for any number of threads and any order
/// of the rows.
///
/// Of exact draws, 2 n times it is the likelihood ratio statistic of a multinomial law: q times
/// chi-squared with (cells left - 1) degrees of freedom, q = 1 + (sum 1/p - 1) / (6 n freedom) the
/// factor of Williams (1976), up to O(1 / n^2) in mean and variance. So it expects
/// q freedom / (2 n), not zero. The threshold is the upper quantile at check_level / 2 less that;
/// chi-squared is as far below with less probability. With the least cells allowed, the variance
/// of a cell is 1 % larger than that of chi-squared.
///
/// Throws Fault::argument for samples that are none (empty, no whole number of rows, not finite),
/// a law that is not in two dimensions, fewer than 2 cells along an axis, and samples too few to
/// fill two cells (below 20 they always are).
[[nodiscard]] Checked kl_on_grid(std::span<double const> x, Mixture const& law,
                                 int cells = default_grid);

}  // namespace retrace
