// SPDX-License-Identifier: Apache-2.0
#include "along_curve.hpp"

#include <retrace/targets/swiss_roll.hpp>

#include <cmath>
#include <numbers>

namespace retrace {

Mixture swiss_roll::operator()() const {
  constexpr int count = 128;
  std::vector<double> points;
  for (int i = 0; i < count; ++i) {
    double const t = 1.5 * std::numbers::pi * (1 + 2 * (i + 0.5) / count);
    points.insert(points.end(), {0.1 * t * std::cos(t), 0.1 * t * std::sin(t)});
  }
  return along_curve(points, 0.1);
}

}  // namespace retrace
