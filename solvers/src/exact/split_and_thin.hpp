// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Eigen/Eigenvalues>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace retrace {

/// Means over a standard normal by Gauss and Hermite's rule (Golub and Welsch 1969).
struct HermiteRule {
  static constexpr int count = 5;
  std::array<double, count> points{}, weights{};

  HermiteRule() {
    Eigen::MatrixXd jacobi = Eigen::MatrixXd::Zero(count, count);
    for (int k = 1; k < count; ++k) jacobi(k, k - 1) = std::sqrt(k);
    Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> const solver(jacobi);
    for (int k = 0; k < count; ++k) {
      points[static_cast<std::size_t>(k)] = solver.eigenvalues()[k];
      weights[static_cast<std::size_t>(k)] = std::pow(solver.eigenvectors()(0, k), 2);
    }
  }
};

/// Weights of the nodes 0, 1, ..., stencil - 1 that interpolate at a place among them (Lagrange).
template <std::size_t stencil>
[[nodiscard]] std::array<double, stencil> lagrange(double place) {
  static std::array<double, stencil> const scale = [] {
    std::array<double, stencil> product{};
    for (std::size_t j = 0; j < stencil; ++j) {
      product[j] = 1;
      for (std::size_t i = 0; i < stencil; ++i)
        if (i != j) product[j] /= static_cast<double>(j) - static_cast<double>(i);
    }
    return product;
  }();
  std::array<double, stencil> weights = scale;
  double below = 1, above = 1;
  for (std::size_t j = 0; j < stencil; ++j) {
    std::size_t const last = stencil - 1 - j;
    weights[j] *= below;
    weights[last] *= above;
    below *= place - static_cast<double>(j);
    above *= place - static_cast<double>(last);
  }
  return weights;
}

/// Points of m coordinates by which every polynomial of second order is known: the origin, +-e_i,
/// e_i + e_j.
class Lattice {
 public:
  explicit Lattice(std::size_t dimension) : dimension_(dimension) {}

  [[nodiscard]] std::size_t size() const { return (dimension_ + 1) * (dimension_ + 2) / 2; }
  [[nodiscard]] std::vector<std::vector<double>> points() const {
    std::vector<std::vector<double>> all(size(), std::vector<double>(dimension_));
    std::size_t next = 1;
    for (std::size_t i = 0; i < dimension_; ++i) {
      all[next++][i] = 1;
      all[next++][i] = -1;
    }
    for (std::size_t i = 0; i < dimension_; ++i)
      for (std::size_t j = 0; j < i; ++j) {
        all[next][i] = all[next][j] = 1;
        ++next;
      }
    return all;
  }
  /// What the points weigh, so that every polynomial of second order has its value at y.
  void weights(std::span<double const> y, std::span<double> out) const {
    std::size_t pair = 1 + 2 * dimension_;
    for (std::size_t i = 0; i < dimension_; ++i) {
      out[1 + 2 * i] = y[i] * (y[i] + 1) / 2;
      out[2 + 2 * i] = y[i] * (y[i] - 1) / 2;
    }
    for (std::size_t i = 0; i < dimension_; ++i)
      for (std::size_t j = 0; j < i; ++j) {
        double const product = out[pair++] = y[i] * y[j];
        out[1 + 2 * i] -= product;
        out[1 + 2 * j] -= product;
      }
    out[0] = 1;
    for (std::size_t q = 1; q < size(); ++q) out[0] -= out[q];
  }

 private:
  std::size_t dimension_;
};

}  // namespace retrace
