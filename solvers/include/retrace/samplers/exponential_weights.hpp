// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

namespace retrace {

/// The integral of a e^(-a (1 - u)) u^k over u in [0, 1], for a > -700 and small k: 1 - e^-a for
/// k = 0. To a few units of the last place: below a = 4 by its series, whose terms all have one
/// sign for a > 0, above by parts, where nothing cancels.
[[nodiscard]] inline double exponential_moment(int k, double a) {
  if (k == 0) return -std::expm1(-a);
  if (std::abs(a) > 4) return 1 - k / a * exponential_moment(k - 1, a);
  double sum = 0, power = a;
  for (int j = 0; j < 40; ++j) {
    sum += power / (j + k + 1);
    power *= a / (j + 1);
  }
  return std::exp(-a) * sum;
}

/// What an exponential integrator gives to each of its nodes: the integrals of a e^(-a (1 - u))
/// times Lagrange's polynomials on `nodes`, in steps u from the step's start.
[[nodiscard]] inline std::vector<double> exponential_weights(double a,
                                                             std::vector<double> const& nodes) {
  std::vector<double> weights;
  for (std::size_t j = 0; j < nodes.size(); ++j) {
    std::vector<double> polynomial{1};  // coefficients of 1, u, u^2, ...
    for (std::size_t m = 0; m < nodes.size(); ++m) {
      if (m == j) continue;
      double const scale = 1 / (nodes[j] - nodes[m]);
      polynomial.push_back(0);
      for (std::size_t k = polynomial.size(); k-- > 0;)
        polynomial[k] = scale * ((k > 0 ? polynomial[k - 1] : 0) - nodes[m] * polynomial[k]);
    }
    double weight = 0;
    for (std::size_t k = 0; k < polynomial.size(); ++k)
      weight += polynomial[k] * exponential_moment(static_cast<int>(k), a);
    weights.push_back(weight);
  }
  return weights;
}

}  // namespace retrace
