// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>

namespace retrace {

/// Mean and spread of numbers that come in groups (Chan et al. 1983, eq. 2.1).
struct Spread {
  std::int64_t count = 0;
  double mean = 0;
  double squares = 0;  ///< sum of (value - mean)^2

  void add(std::span<double const> group);
  /// Standard deviation of the mean; infinite for fewer than two numbers.
  [[nodiscard]] double standard_error() const;
};

}  // namespace retrace
