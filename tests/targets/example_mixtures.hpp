// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "mixture_reference.hpp"

#include <retrace/core/noise_level.hpp>
#include <retrace/targets/mixture.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

/// The numbers of a mixture, so that the reference is made from what was given, not from what was
/// stored.
struct MixtureNumbers {
  std::string name;
  std::vector<double> weights, means, covariances;

  [[nodiscard]] retrace::Mixture mixture() const {
    return retrace::Mixture::full(weights, means, covariances);
  }
  template <class T>
  [[nodiscard]] MixtureReference<T> reference() const {
    return {weights, means, covariances};
  }
};

/// Three unequal, correlated components in two dimensions.
inline MixtureNumbers correlated_2d() {
  return {"correlated_2d",
          {0.2, 0.5, 0.3},
          {-1.5, 0.4, 1.2, 1.1, 0.3, -2.0},
          {0.30, 0.12, 0.12, 0.10, 0.25, -0.18, -0.18, 0.40, 0.05, 0.0, 0.0, 0.20}};
}

/// Four isotropic components in three dimensions, one of them narrow.
inline MixtureNumbers isotropic_3d() {
  MixtureNumbers m{
      "isotropic_3d", {0.1, 0.2, 0.3, 0.4}, {0, 0, 0, 1, -1, 2, -2, 0.5, 1, 0.3, 2, -1.5}, {}};
  for (double const v : {0.04, 0.0025, 0.5, 1.1})
    m.covariances.insert(m.covariances.end(), {v, 0, 0, 0, v, 0, 0, 0, v});
  return m;
}

/// One Gaussian in five dimensions: D + b b', eigenvalues 0.15 to 3.3.
inline MixtureNumbers gaussian_5d() {
  MixtureNumbers m{"gaussian_5d", {1}, {0.5, -1, 2, 0.1, -0.7}, {}};
  double const diagonal[5] = {0.2, 0.4, 0.15, 0.8, 0.3}, b[5] = {0.3, -0.9, 0.5, 1.2, -0.1};
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 5; ++j) m.covariances.push_back((i == j ? diagonal[i] : 0) + b[i] * b[j]);
  return m;
}

inline std::vector<MixtureNumbers> example_mixtures() {
  return {correlated_2d(), isotropic_3d(), gaussian_5d()};
}

/// A level by hand. Rates are not needed here.
inline retrace::NoiseLevel level(double alpha, double sigma) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  return retrace::NoiseLevel({.t = 0.5,
                              .log_alpha = std::log(alpha),
                              .log_sigma = std::log(sigma),
                              .alpha_rate = none,
                              .sigma_rate = none,
                              .variance_rate = none});
}

/// Levels like those of VP (alpha^2 + sigma^2 = 1), sub-VP (sigma = 1 - alpha^2), VE (alpha = 1)
/// and rectified flow (alpha + sigma = 1), from hardly any noise to nothing else, and both ends.
inline std::vector<retrace::NoiseLevel> example_levels() {
  std::vector<retrace::NoiseLevel> levels{retrace::NoiseLevel::clean(0)};
  for (double const alpha : {0.999999, 0.99, 0.8, 0.3, 0.0065719}) {
    levels.push_back(level(alpha, std::sqrt((1 - alpha) * (1 + alpha))));
    levels.push_back(level(alpha, (1 - alpha) * (1 + alpha)));
    levels.push_back(level(alpha, 1 - alpha));
  }
  for (double const sigma : {1e-3, 0.01, 0.3, 2.0, 50.0}) levels.push_back(level(1, sigma));
  levels.push_back(level(0, 1));
  return levels;
}
