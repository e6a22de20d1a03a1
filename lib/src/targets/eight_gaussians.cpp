// SPDX-License-Identifier: Apache-2.0
#include "along_curve.hpp"

#include <retrace/targets/eight_gaussians.hpp>

#include <cmath>
#include <numbers>

namespace retrace {

Mixture eight_gaussians::operator()() const {
  std::vector<double> points;
  for (int i = 0; i < 8; ++i) {
    double const angle = std::numbers::pi * i / 4;
    points.insert(points.end(), {2 * std::cos(angle), 2 * std::sin(angle)});
  }
  return along_curve(points, 0.15);
}

}  // namespace retrace
