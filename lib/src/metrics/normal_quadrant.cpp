// SPDX-License-Identifier: Apache-2.0
#include "normal_quadrant.hpp"

#include <cmath>
#include <numbers>

namespace retrace {
namespace {

double normal_distribution(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }

/// Of the density of (h, k), times the sine, by the angle: Plackett (1954) wrote
/// exp(-(h^2 + k^2 - 2 h k cos) / (2 sin^2)), which loses digits where the angle is small.
double slope(double h, double k, double angle) {
  double const across = (h - k) / std::sin(angle), half = std::cos(angle / 2);
  return std::exp(-(across * across + h * k / (half * half)) / 2);
}

/// Gauss-Legendre rule of ten points.
double integral(double h, double k, double low, double high) {
  static constexpr double nodes[] = {0.1488743389816312, 0.4333953941292472, 0.6794095682990244,
                                     0.8650633666889845, 0.9739065285171717};
  static constexpr double weights[] = {0.2955242247147529, 0.2692667193099963, 0.2190863625159820,
                                       0.1494513491505806, 0.0666713443086881};
  double const middle = (low + high) / 2, half = (high - low) / 2;
  double sum = 0;
  for (int i = 0; i < 5; ++i)
    sum += weights[i] *
           (slope(h, k, middle - half * nodes[i]) + slope(h, k, middle + half * nodes[i]));
  return half * sum;
}

}  // namespace

double normal_quadrant(double h, double k, double angle) {
  constexpr double right = std::numbers::pi / 2;
  if (std::isinf(h) || std::isinf(k))
    return normal_distribution(h) * normal_distribution(k);  // a factor is 0 or 1
  if (angle > right) return normal_distribution(h) - normal_quadrant(h, -k, 2 * right - angle);
  // From the right angle, where they are independent. What depends on the angle does so through
  // its ratio to h - k, hence panels that grow in proportion.
  double sum = 0;
  while (angle < right) {
    double const next = std::fmin(1.5 * angle, right);
    sum += integral(h, k, angle, next);
    angle = next;
  }
  return normal_distribution(h) * normal_distribution(k) + sum / (4 * right);
}

}  // namespace retrace
