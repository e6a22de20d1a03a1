// SPDX-License-Identifier: Apache-2.0
#include "eigenbasis.hpp"

// GCC 12 takes the undefined registers of its own AVX-512 header for uninitialised variables.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <Eigen/Eigenvalues>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <algorithm>
#include <limits>

namespace retrace {

void eigenbasis(std::span<double const> matrix, std::span<double> eigenvalues,
                std::span<double> eigenvectors) {
  using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  auto const d = static_cast<Eigen::Index>(eigenvalues.size());
  Eigen::SelfAdjointEigenSolver<Matrix> const solver(Eigen::Map<Matrix const>(matrix.data(), d, d));
  Eigen::Map<Eigen::VectorXd>(eigenvalues.data(), d) = solver.eigenvalues();
  Eigen::Map<Matrix>(eigenvectors.data(), d, d) = solver.eigenvectors().transpose();
  if (solver.info() != Eigen::Success)
    std::fill(eigenvalues.begin(), eigenvalues.end(), std::numeric_limits<double>::quiet_NaN());
}

}  // namespace retrace
