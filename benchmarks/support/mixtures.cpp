// SPDX-License-Identifier: Apache-2.0
#include "support/mixtures.hpp"

#include <cmath>
#include <numbers>
#include <vector>

namespace retrace::benchmarks {
namespace {

constexpr int components = 8;

double weight(int k) { return (k + 1) / 36.0; }
double variance(int k) { return 0.02 + 0.01 * k; }

std::vector<double> weights() {
  std::vector<double> w;
  for (int k = 0; k < components; ++k) w.push_back(weight(k));
  return w;
}

std::vector<double> means(int dimension) {
  std::vector<double> m;
  for (int k = 0; k < components; ++k)
    for (int c = 0; c < dimension; ++c) {
      double const angle = k * std::numbers::pi / 4;
      m.push_back(c == 0 ? 2 * std::cos(angle) : c == 1 ? 2 * std::sin(angle) : 0.1 * (c + k));
    }
  return m;
}

}  // namespace

Mixture isotropic_mixture(int dimension) {
  std::vector<double> variances;
  for (int k = 0; k < components; ++k) variances.push_back(variance(k));
  return Mixture::isotropic(weights(), means(dimension), variances);
}

Mixture full_mixture(int dimension) {
  std::vector<double> covariances;
  for (int k = 0; k < components; ++k)
    for (int i = 0; i < dimension; ++i)
      for (int j = 0; j < dimension; ++j)
        covariances.push_back(variance(k) * (i == j ? 1 + 0.3 * i : 0.4));
  return Mixture::full(weights(), means(dimension), covariances);
}

Mixture peers_mixture() {
  std::vector<double> means, variances;
  for (int k = 0; k < components; ++k) {
    double const angle = k * std::numbers::pi / 4;
    means.push_back(4 * std::cos(angle));
    means.push_back(4 * std::sin(angle));
    variances.push_back(std::lerp(0.05, 0.3, k / (components - 1.0)));
  }
  return Mixture::isotropic(std::vector<double>(components, 1.0 / components), means, variances);
}

}  // namespace retrace::benchmarks
