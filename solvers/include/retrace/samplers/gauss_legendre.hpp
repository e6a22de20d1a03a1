// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace retrace {

/// A quadrature on [0, 1].
struct Quadrature {
  std::vector<double> nodes, weights;
};

/// Gauss and Legendre's quadrature of n points, exact for polynomials of degree 2n - 1: the roots
/// of P_n by Newton's method.
[[nodiscard]] inline Quadrature gauss_legendre(int n) {
  Quadrature q;
  for (int i = 0; i < n; ++i) {
    auto x = std::cos(std::numbers::pi_v<long double> * (i + 0.75L) / (n + 0.5L));
    long double slope = 0, correction = 1;
    while (std::abs(correction) > 1e-17L) {
      long double before = 1, value = x;  // P_{k-1}, P_k
      for (int k = 2; k <= n; ++k) {
        long double const next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
        before = value;
        value = next;
      }
      slope = n * (before - x * value) / (1 - x * x);
      correction = value / slope;
      x -= correction;
    }
    q.nodes.push_back(static_cast<double>((1 - x) / 2));
    q.weights.push_back(static_cast<double>(1 / ((1 - x * x) * slope * slope)));
  }
  return q;
}

}  // namespace retrace
