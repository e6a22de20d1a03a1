// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

namespace retrace {

/// The share of exact samples that a check may refuse. A fault of the sampler is then believed at
/// once, and hundreds of checks can stand beside each other.
inline constexpr double check_level = 1e-6;
/// Two-sided normal quantile at check_level.
inline constexpr double check_z = 4.891638475698;

/// A figure of samples beside what it would be were they exact draws of the law: then
/// |value - expected| exceeds `threshold` with a probability of at most check_level.
struct Checked {
  double value, expected, threshold;

  /// Not so for NaN.
  [[nodiscard]] bool passes() const { return std::abs(value - expected) <= threshold; }
};

}  // namespace retrace
