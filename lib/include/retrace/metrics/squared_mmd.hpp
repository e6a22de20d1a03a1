// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/metrics/checked.hpp>
#include <retrace/targets/mixture.hpp>

#include <span>

namespace retrace {

/// Squared maximum mean discrepancy (Gretton et al. 2012) between samples x [n][d] (rows
/// contiguous) and the law, for the kernel exp(-|x - y|^2 / (2 bandwidth^2)), whose means over a
/// mixture have closed forms:
///   mean k(x_a, x_b) - 2 mean E k(x_a, X) + E k(X, X').
/// The first mean is over the pairs of a and a + 1 ... a + s modulo n, s = min(256, n / 64) and at
/// least 1, an incomplete U-statistic: unbiased, and for exact draws a mean of n s uncorrelated
/// terms whose variance is measured, which gives the threshold (asymptotic in n). O(n s). It may be
/// negative, and it depends on the order of the rows; not on the number of threads.
///
/// Throws Fault::argument for samples that are none (fewer than 3 rows, no whole number of rows,
/// not finite) and for a bandwidth that is not positive and finite.
[[nodiscard]] Checked squared_mmd(std::span<double const> x, Mixture const& law, double bandwidth);

/// With the root of half the mean squared distance of two draws of the law, per coordinate:
/// sqrt(tr Cov / d).
[[nodiscard]] Checked squared_mmd(std::span<double const> x, Mixture const& law);

}  // namespace retrace
