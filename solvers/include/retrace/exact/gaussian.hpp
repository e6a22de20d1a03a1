// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>

#include <vector>

namespace retrace {

/// N(mean, variance) in one dimension; one eigendirection of a Gaussian in many.
struct Normal {
  double mean, variance;
};

/// N(mean, covariance), covariance row-major [d][d], symmetric and positive semidefinite.
struct Gaussian {
  std::vector<double> mean, covariance;
};

/// p_t for Gaussian data: N(alpha m, alpha^2 c + sigma^2).
[[nodiscard]] Normal marginal(Normal const& data, NoiseLevel const& s);
[[nodiscard]] Gaussian marginal(Gaussian const& data, NoiseLevel const& s);

/// The law of the exact reverse-time SDE at t, started at s from `at_s`, on Gaussian data.
[[nodiscard]] Normal reverse_sde(Normal const& data, NoiseLevel const& s, NoiseLevel const& t,
                                 Normal const& at_s);

/// The law of the exact probability-flow ODE at t, started at s from `at_s`, on Gaussian data.
[[nodiscard]] Normal flow_ode(Normal const& data, NoiseLevel const& s, NoiseLevel const& t,
                              Normal const& at_s);

/// 2-Wasserstein distance (Dowson and Landau 1982).
[[nodiscard]] double wasserstein2(Normal const& a, Normal const& b);
[[nodiscard]] double wasserstein2(Gaussian const& a, Gaussian const& b);

/// Kullback-Leibler divergence KL(a | b) in nats; b must be positive definite.
[[nodiscard]] double kullback_leibler(Normal const& a, Normal const& b);
[[nodiscard]] double kullback_leibler(Gaussian const& a, Gaussian const& b);

}  // namespace retrace
