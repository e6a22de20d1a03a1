// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/sde.hpp>

#include <cmath>

/// Noise levels in polar coordinates: alpha = s cos phi, sigma = s sin phi. In z = x / s and phi
/// all processes are one, z keeps the size of normalised data, and the probability-flow ODE is
///   dz/dphi = (alpha epsilon - sigma x0) / s
/// (Salimans and Ho 2022, Progressive distillation, appendix D, for any s), finite and smooth from
/// sigma = 0 to alpha = 0.
namespace retrace {

/// phi in [0, pi / 2].
[[nodiscard]] inline double angle_of(NoiseLevel const& level) {
  return std::atan2(level.sigma(), level.alpha());
}
/// s
[[nodiscard]] inline double radius_of(NoiseLevel const& level) {
  return std::hypot(level.alpha(), level.sigma());
}
/// The level of an angle inside (0, pi / 2); the ends have no lambda, and must be known.
[[nodiscard]] inline NoiseLevel level_at_angle(Sde const& sde, double phi) {
  return sde.at_lambda(-std::log(std::tan(phi)));
}

}  // namespace retrace
