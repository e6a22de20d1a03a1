// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/mixture.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

namespace retrace::testing {

/// An isotropic mixture with unequal weights, spreads and scattered means: nothing about it is
/// special.
inline Mixture scattered_mixture(int dimension, int components) {
  std::vector<double> weights, means, variances;
  double total = 0;
  for (int k = 0; k < components; ++k) {
    weights.push_back(1 + 0.3 * (k % 5));
    total += weights.back();
    variances.push_back(0.05 + 0.02 * (k % 7));
    for (int j = 0; j < dimension; ++j) means.push_back(1.7 * std::sin(1.0 + 3.1 * k + 1.7 * j));
  }
  for (double& w : weights) w /= total;
  return Mixture::isotropic(weights, means, variances);
}

/// The same with full covariances B B^T + v I.
inline Mixture correlated_mixture(int dimension, int components) {
  Mixture const plain = scattered_mixture(dimension, components);
  std::vector<double> covariances;
  for (int k = 0; k < components; ++k)
    for (int i = 0; i < dimension; ++i)
      for (int j = 0; j < dimension; ++j) {
        double const bi = 0.3 * std::cos(2.0 + k + i), bj = 0.3 * std::cos(2.0 + k + j);
        covariances.push_back(bi * bj +
                              (i == j ? plain.variances()[static_cast<std::size_t>(k)] : 0));
      }
  return Mixture::full({plain.weights().begin(), plain.weights().end()},
                       {plain.means().begin(), plain.means().end()}, covariances);
}

}  // namespace retrace::testing
