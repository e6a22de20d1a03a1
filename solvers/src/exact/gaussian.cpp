// SPDX-License-Identifier: Apache-2.0
#include <retrace/exact/gaussian.hpp>

#include <Eigen/Dense>
#include <cassert>
#include <cmath>

namespace retrace {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Eigen::Map<Eigen::VectorXd const> mean(Gaussian const& g) {
  return {g.mean.data(), static_cast<Eigen::Index>(g.mean.size())};
}
Eigen::Map<Matrix const> covariance(Gaussian const& g) {
  auto const d = static_cast<Eigen::Index>(g.mean.size());
  assert(g.covariance.size() == g.mean.size() * g.mean.size());
  return {g.covariance.data(), d, d};
}

/// Symmetric square root; eigenvalues that rounding made negative count as zero.
Matrix root(Matrix const& c) {
  Eigen::SelfAdjointEigenSolver<Matrix> const solver(c);
  Eigen::VectorXd const values = solver.eigenvalues().cwiseMax(0.0).cwiseSqrt();
  return solver.eigenvectors() * values.asDiagonal() * solver.eigenvectors().transpose();
}

}  // namespace

Normal marginal(Normal const& data, NoiseLevel const& s) {
  return {s.alpha() * data.mean, s.alpha() * s.alpha() * data.variance + s.sigma() * s.sigma()};
}

Gaussian marginal(Gaussian const& data, NoiseLevel const& s) {
  Gaussian at = data;
  for (double& m : at.mean) m *= s.alpha();
  for (double& c : at.covariance) c *= s.alpha() * s.alpha();
  for (std::size_t i = 0; i < at.mean.size(); ++i)
    at.covariance[i * at.mean.size() + i] += s.sigma() * s.sigma();
  return at;
}

Normal reverse_sde(Normal const& data, NoiseLevel const& s, NoiseLevel const& t,
                   Normal const& at_s) {
  Normal const from = marginal(data, s), to = marginal(data, t);
  double const factor = to.variance / from.variance * (s.alpha() / t.alpha());
  return {to.mean + factor * (at_s.mean - from.mean),
          to.variance + factor * factor * (at_s.variance - from.variance)};
}

Normal flow_ode(Normal const& data, NoiseLevel const& s, NoiseLevel const& t, Normal const& at_s) {
  Normal const from = marginal(data, s), to = marginal(data, t);
  double const factor = std::sqrt(to.variance / from.variance);
  return {to.mean + factor * (at_s.mean - from.mean), factor * factor * at_s.variance};
}

double wasserstein2(Normal const& a, Normal const& b) {
  return std::hypot(a.mean - b.mean, std::sqrt(a.variance) - std::sqrt(b.variance));
}

double wasserstein2(Gaussian const& a, Gaussian const& b) {
  Matrix const ra = root(covariance(a));
  Matrix const cross = root(ra * covariance(b) * ra);
  double const spread = (covariance(a) + covariance(b)).trace() - 2 * cross.trace();
  return std::sqrt((mean(a) - mean(b)).squaredNorm() + (spread > 0 ? spread : 0));
}

double kullback_leibler(Normal const& a, Normal const& b) {
  double const ratio = a.variance / b.variance, shift = a.mean - b.mean;
  return 0.5 * (ratio - 1 - std::log(ratio) + shift * shift / b.variance);
}

double kullback_leibler(Gaussian const& a, Gaussian const& b) {
  Eigen::LLT<Matrix> const lb(covariance(b)), la(covariance(a));
  auto const log_det = [](Eigen::LLT<Matrix> const& l) {
    return 2 * l.matrixLLT().diagonal().array().log().sum();
  };
  Eigen::VectorXd const shift = mean(b) - mean(a);
  return 0.5 * (lb.solve(Matrix(covariance(a))).trace() + shift.dot(lb.solve(shift)) -
                static_cast<double>(a.mean.size()) + log_det(lb) - log_det(la));
}

}  // namespace retrace
