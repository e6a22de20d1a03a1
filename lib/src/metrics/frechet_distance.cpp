// SPDX-License-Identifier: Apache-2.0
#include "check_sample.hpp"

#include <retrace/core/error.hpp>
#include <retrace/metrics/frechet_distance.hpp>

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace retrace {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;
using Eigenbasis = Eigen::SelfAdjointEigenSolver<Matrix>;

Matrix square(std::vector<double> const& entries, Eigen::Index d) {
  return Eigen::Map<Matrix const>(entries.data(), d, d);  // symmetric: the order is no matter
}

/// n times the mean of the figure over exact samples of n.
double expected_times_n(Mixture const& law, Eigenbasis const& basis) {
  auto const d = static_cast<Eigen::Index>(law.dimension());
  Vector const& spectrum = basis.eigenvalues();
  std::vector<double> const mean = law.mean();
  Vector const center = Eigen::Map<Vector const>(mean.data(), d);
  Matrix fourth = Matrix::Zero(d, d);
  for (int k = 0; k < law.components(); ++k) {
    double const* const m = law.means().data() + static_cast<Eigen::Index>(k) * d;
    Vector const a = basis.eigenvectors().transpose() * (Eigen::Map<Vector const>(m, d) - center);
    Matrix const c = basis.eigenvectors().transpose() * square(law.component_covariance(k), d) *
                     basis.eigenvectors();
    double const weight = law.weights()[static_cast<std::size_t>(k)];
    for (Eigen::Index i = 0; i < d; ++i)
      for (Eigen::Index j = 0; j < d; ++j)
        fourth(i, j) += weight * ((a(i) * a(i) + c(i, i)) * (a(j) * a(j) + c(j, j)) +
                                  2 * c(i, j) * c(i, j) + 4 * a(i) * a(j) * c(i, j));
  }
  double out = spectrum.sum();
  for (Eigen::Index i = 0; i < d; ++i)
    for (Eigen::Index j = 0; j < d; ++j) {
      double const exact = i == j ? spectrum(i) : 0;
      out += (fourth(i, j) - exact * exact) / (2 * (spectrum(i) + spectrum(j)));
    }
  return out;
}

}  // namespace

Checked frechet_distance(std::span<double const> x, Mixture const& law) {
  auto const d = static_cast<Eigen::Index>(law.dimension());
  check_sample(x, static_cast<std::size_t>(d));
  auto const n = static_cast<Eigen::Index>(x.size()) / d;
  Eigen::Map<Matrix const> const columns(x.data(), d, n);
  std::vector<double> const mean = law.mean();
  Vector const center = Eigen::Map<Vector const>(mean.data(), d);

  auto const count = static_cast<double>(n);
  Vector shift = Vector::Zero(d);
  for (Eigen::Index i = 0; i < n; ++i) shift += (columns.col(i) - center) / count;
  Matrix sample = Matrix::Zero(d, d);
  for (Eigen::Index i = 0; i < n; ++i) {
    Vector const away = columns.col(i) - center - shift;
    // Row by row: a product of matrices may depend on the threads.
    for (Eigen::Index j = 0; j < d; ++j) sample.col(j) += away * (away(j) / count);
  }
  if (!sample.allFinite())
    throw Error(Fault::numerics, "the distance of the samples overflows",
                "their values are near the largest number there is");

  Matrix const exact = square(law.covariance(), d);
  Eigenbasis const basis(exact);
  Matrix const root = basis.operatorSqrt();
  Matrix product = root * sample * root;
  product = (product + product.transpose()).eval() / 2;
  Vector const spectrum = Eigenbasis(product, Eigen::EigenvaluesOnly).eigenvalues();
  double const value = shift.squaredNorm() + sample.trace() + exact.trace() -
                       2 * spectrum.cwiseMax(0).cwiseSqrt().sum();
  return {std::max(0.0, value), 0, check_z * check_z * expected_times_n(law, basis) / count};
}

}  // namespace retrace
