// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/exact/gaussian.hpp>

#include <utility>

namespace retrace {

/// E[x0 | x] = shift + slope x on Gaussian data.
[[nodiscard]] inline std::pair<long double, long double> denoiser(Normal const& data,
                                                                  NoiseLevel const& s) {
  long double const alpha = s.alpha(), noise = static_cast<long double>(s.sigma()) * s.sigma();
  long double const total = alpha * alpha * data.variance + noise;
  return {noise * data.mean / total, alpha * data.variance / total};
}

}  // namespace retrace
