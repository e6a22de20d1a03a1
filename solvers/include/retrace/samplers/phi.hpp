// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <cmath>
#include <limits>
#include <vector>

namespace retrace {

/// phi_k(z) = int_0^1 e^{(1 - u) z} u^{k-1} / (k-1)! du, k >= 1: the weights of exponential
/// integrators; phi_0 = e^z. (Hochbruck, Ostermann 2010, Exponential integrators, eq. 2.10.)
///
/// To rounding: by the series sum z^n / (n + k)! where |z| < 1, else by phi_{k+1} = (phi_k - 1/k!)
/// / z, which would cancel near zero.
[[nodiscard]] inline double phi(int k, double z) {
  assert(k >= 0);
  if (k == 0) return std::exp(z);
  if (std::abs(z) < 1) {
    double term = 1, sum = 0;
    for (int n = 2; n <= k; ++n) term /= n;
    for (int n = k + 1; std::abs(term) > std::numeric_limits<double>::epsilon() / 8 * sum; ++n) {
      sum += term;
      term *= z / n;
    }
    return sum;
  }
  double value = std::expm1(z) / z, factorial = 1;
  for (int j = 1; j < k; ++j) {
    factorial *= j;
    value = (value - 1 / factorial) / z;
  }
  return value;
}

/// int_0^1 e^{(1 - u) z} u^m du = m! phi_{m+1}(z) for m = 0 .. count - 1.
[[nodiscard]] inline std::vector<double> exponential_moments(double z, int count) {
  std::vector<double> all;
  double factorial = 1;
  for (int m = 0; m < count; ++m) {
    if (m > 0) factorial *= m;
    all.push_back(factorial * phi(m + 1, z));
  }
  return all;
}

}  // namespace retrace
