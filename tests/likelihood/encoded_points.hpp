// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/encode.hpp>
#include <retrace/targets/target.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace retrace::testing {

/// Draws of p_t, the last third of them 5 and 40 spreads from the mean.
inline std::vector<double> points(Target const& target, NoiseLevel const& level, int count) {
  auto const d = static_cast<std::size_t>(target.dimension());
  std::vector<double> const mean = target.mean();
  std::vector<double> all(static_cast<std::size_t>(count) * d);
  for (std::size_t row = 0; row < static_cast<std::size_t>(count); ++row) {
    auto const x = std::span(all).subspan(row * d, d);
    target.draw(level, 3, static_cast<std::int64_t>(row), x);
    double const spreads = row % 6 == 4 ? 5 : row % 6 == 5 ? 40 : 1;
    for (std::size_t i = 0; i < d; ++i)
      x[i] = level.alpha() * mean[i] + spreads * (x[i] - level.alpha() * mean[i]);
  }
  return all;
}

inline std::span<double const> row_of(HostArray<double> const& rows, std::size_t row) {
  return {&rows(row, 0), rows.extent(1)};
}

/// How a stepper is to be asked for integrals.
inline VolumeError volume_error(OdeStepper const& stepper) {
  return stepper.integral_error == IntegralError::seen ? VolumeError::controlled
                                                       : VolumeError::free;
}

}  // namespace retrace::testing
