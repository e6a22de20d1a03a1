// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>

#include <cmath>

namespace retrace {

/// A level with alpha^2 + sigma^2 = 1 of a process with drift coefficient f = (log alpha)'. At
/// sigma = 0, sigma' is infinite and (sigma^2)' is not.
inline LevelValues variance_preserving(double t, double log_alpha, double f) {
  // 1 - exp(2 log alpha) would lose sigma at small t: 2.4 % of it in float at t = 1e-5.
  double const variance = -std::expm1(2 * log_alpha);
  double const alpha = std::exp(log_alpha), sigma = std::sqrt(variance);
  double const variance_rate = -2 * f * alpha * alpha;
  return {.t = t,
          .log_alpha = log_alpha,
          .log_sigma = std::log(variance) / 2,
          .alpha = alpha,
          .sigma = sigma,
          .alpha_rate = f * alpha,
          .sigma_rate = variance_rate / (2 * sigma),
          .variance_rate = variance_rate};
}

/// log alpha where alpha^2 + sigma^2 = 1: -log(1 + exp(-2 lambda)) / 2, without overflow.
inline double variance_preserving_log_alpha(double lambda) {
  return lambda > 0 ? -std::log1p(std::exp(-2 * lambda)) / 2
                    : lambda - std::log1p(std::exp(2 * lambda)) / 2;
}

}  // namespace retrace
