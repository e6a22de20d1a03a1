// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/sde.hpp>
#include <retrace/targets/target.hpp>

#include <targets/example_mixtures.hpp>

#include <Eigen/Eigenvalues>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

namespace retrace::testing {

/// For Gaussian data the Jacobian of dx/dt does not depend on x, and its integral is half the
/// logarithm of what the covariance grows by.
inline Eigen::MatrixXd integrated_jacobian(MixtureNumbers const& data, Sde const& sde) {
  auto const d = static_cast<Eigen::Index>(data.means.size());
  NoiseLevel const from = sde.at(sde.default_end(Solver::deterministic)), to = sde.at(sde.t_max());
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> const basis(
      Eigen::Map<Eigen::MatrixXd const>(data.covariances.data(), d, d));
  auto const variance = [&](NoiseLevel const& s) {
    return (s.alpha() * s.alpha() * basis.eigenvalues().array() + s.sigma() * s.sigma()).eval();
  };
  Eigen::VectorXd const halves = ((variance(to) / variance(from)).log() / 2).matrix();
  return basis.eigenvectors() * halves.asDiagonal() * basis.eigenvectors().transpose();
}

inline MixtureNumbers diagonal_3d() {
  return {"diagonal_3d", {1}, {0.4, -1, 2}, {0.2, 0, 0, 0, 1.5, 0, 0, 0, 0.7}};
}

inline std::vector<double> draws(Target const& target, Sde const& sde, int count) {
  auto const d = static_cast<std::size_t>(target.dimension());
  std::vector<double> x(static_cast<std::size_t>(count) * d);
  for (std::size_t row = 0; row < static_cast<std::size_t>(count); ++row)
    target.draw(sde.at(sde.default_end(Solver::deterministic)), 9, static_cast<std::int64_t>(row),
                std::span(x).subspan(row * d, d));
  return x;
}

inline std::vector<double> random_numbers(std::size_t count, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> draw;
  std::vector<double> all(count);
  for (double& value : all) value = draw(engine);
  return all;
}

}  // namespace retrace::testing
