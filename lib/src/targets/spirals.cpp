// SPDX-License-Identifier: Apache-2.0
#include "along_curve.hpp"

#include <retrace/targets/spirals.hpp>

#include <cmath>
#include <numbers>

namespace retrace {
namespace {

/// Length of the spiral of radius n from 0 to n; its derivative is sqrt(1 + n^2).
double length(double n) { return (n * std::sqrt(1 + n * n) + std::asinh(n)) / 2; }

}  // namespace

Mixture spirals::operator()() const {
  constexpr int count = 64;
  double const end = 3 * std::numbers::pi;
  std::vector<double> points;
  for (int i = 0; i < count; ++i) {
    double const wanted = length(end) * (i + 0.5) / count;
    double n = end * std::sqrt((i + 0.5) / count);
    for (int step = 0; step < 8; ++step) n -= (length(n) - wanted) / std::sqrt(1 + n * n);
    double const x = -n * std::cos(n) / 3, y = n * std::sin(n) / 3;
    points.insert(points.end(), {x, y, -x, -y});
  }
  return along_curve(points, 0.17);
}

}  // namespace retrace
