// SPDX-License-Identifier: Apache-2.0
#include "along_curve.hpp"

#include <retrace/targets/moons.hpp>

#include <cmath>
#include <numbers>

namespace retrace {

Mixture moons::operator()() const {
  constexpr int count = 24;
  std::vector<double> points;
  for (int i = 0; i < count; ++i) {
    double const angle = std::numbers::pi * (i + 0.5) / count;
    double const x = 2 * std::cos(angle) - 1, y = 2 * std::sin(angle) - 0.5;
    points.insert(points.end(), {x, y, -x, -y});
  }
  return along_curve(points, 0.2);
}

}  // namespace retrace
