// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>

#include <array>
#include <span>

namespace retrace {

/// log p_0(x) - log p_t(x) to first order in the noise, by what a model says of p_t at x, its score
/// and the divergence of that: with rho = sigma / alpha,
///   d log alpha - (1 / alpha - 1) x . score - rho^2 (divergence + |score|^2) / 2,
/// the heat equation for log p and the shrinking by alpha. The rest is of second order in rho^2 and
/// 1 - alpha, where log p_0 has four derivatives; beside an edge of the data it says little.
[[nodiscard]] double truncation_to_first_order(NoiseLevel const& level, std::span<double const> x,
                                               std::span<double const> score, double divergence);

/// Its four terms, in that order: d log alpha, then those of x . score, divergence and |score|^2.
[[nodiscard]] std::array<double, 4> truncation_terms(NoiseLevel const& level,
                                                     std::span<double const> x,
                                                     std::span<double const> score,
                                                     double divergence);

}  // namespace retrace
