// SPDX-License-Identifier: Apache-2.0
#include <retrace/targets/mixture.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <numbers>
#include <utility>

namespace retrace {
namespace {

/// Makes probabilities of their logarithms but for a constant; returns the log of their sum before.
double normalise(std::span<double> logs) {
  double const top = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (double& g : logs) sum += g = std::exp(g - top);
  for (double& g : logs) g /= sum;
  return top + std::log(sum);
}

}  // namespace

MixtureAtLevel::MixtureAtLevel(Mixture mixture, NoiseLevel const& level)
    : mixture_(std::move(mixture)),
      alpha_(level.alpha()),
      variance_(level.sigma() * level.sigma()) {
  assert(alpha_ > 0 || variance_ > 0);
  auto const d = static_cast<std::size_t>(mixture_.dimension());
  bool const isotropic = mixture_.shape() == CovarianceShape::isotropic;
  std::span<double const> const variances =
      isotropic ? mixture_.variances() : mixture_.eigenvalues();
  spectrum_.reserve(variances.size());
  log_factor_.reserve(mixture_.weights().size());
  trace_.reserve(mixture_.weights().size());
  for (double const c : variances) spectrum_.push_back(alpha_ * alpha_ * c + variance_);

  std::size_t const stored = isotropic ? 1 : d;  // eigenvalues of a component
  double const repeats = isotropic ? static_cast<double>(d) : 1;
  for (std::size_t k = 0; k < mixture_.weights().size(); ++k) {
    double log_det = 0, trace = 0;
    for (std::size_t i = 0; i < stored; ++i) {
      log_det += repeats * std::log(2 * std::numbers::pi * spectrum_[k * stored + i]);
      trace += repeats / spectrum_[k * stored + i];
    }
    log_factor_.push_back(std::log(mixture_.weights()[k]) - log_det / 2);
    trace_.push_back(trace);
  }
}

/// Score and denoised state of component k alone (denoised may be empty); returns log w_k N(x;
/// alpha m_k, S_k).
double MixtureAtLevel::component(std::size_t k, std::span<double const> x, std::span<double> score,
                                 std::span<double> denoised) const {
  std::size_t const d = x.size();
  double const* const m = &mixture_.means()[k * d];
  double square = 0;  // |x - alpha m|^2 in the metric S^-1
  if (mixture_.shape() == CovarianceShape::isotropic) {
    double const s = spectrum_[k];
    for (std::size_t i = 0; i < d; ++i) {
      double const away = std::fma(-alpha_, m[i], x[i]);
      square += away * away / s;
      score[i] = -away / s;
    }
    double const from_mean = variance_ / s, from_x = alpha_ * mixture_.variances()[k] / s;
    for (std::size_t i = 0; i < denoised.size(); ++i)
      denoised[i] = from_mean * m[i] + from_x * x[i];
    return log_factor_[k] - square / 2;
  }

  std::fill(score.begin(), score.end(), 0.0);
  if (!denoised.empty()) std::copy_n(m, d, denoised.begin());
  for (std::size_t i = 0; i < d; ++i) {
    double const* const axis = &mixture_.eigenvectors()[(k * d + i) * d];
    double const s = spectrum_[k * d + i];
    double along = 0;
    for (std::size_t j = 0; j < d; ++j) along += axis[j] * std::fma(-alpha_, m[j], x[j]);
    square += along * along / s;
    for (std::size_t j = 0; j < d; ++j) score[j] -= along / s * axis[j];
    // m + alpha C S^-1 (x - alpha m) is the form of the class comment, S being alpha^2 C + sigma^2
    double const pull = alpha_ * mixture_.eigenvalues()[k * d + i] / s * along;
    for (std::size_t j = 0; j < denoised.size(); ++j) denoised[j] += pull * axis[j];
  }
  return log_factor_[k] - square / 2;
}

/// Adds gamma_k (away away' - S_k^-1) times each tangent, away = s_k - score.
void MixtureAtLevel::add_curvature(std::size_t k, double gamma, std::span<double const> away,
                                   HessianProducts const& hessian) const {
  std::size_t const d = away.size();
  for (std::size_t row = 0; row < hessian.tangents.size(); row += d) {
    auto const e = hessian.tangents.subspan(row, d);
    auto const product = hessian.products.subspan(row, d);
    double along = 0;
    for (std::size_t i = 0; i < d; ++i) along += away[i] * e[i];
    for (std::size_t i = 0; i < d; ++i) product[i] += gamma * along * away[i];
    if (mixture_.shape() == CovarianceShape::isotropic) {
      for (std::size_t i = 0; i < d; ++i) product[i] -= gamma / spectrum_[k] * e[i];
      continue;
    }
    for (std::size_t i = 0; i < d; ++i) {
      double const* const axis = &mixture_.eigenvectors()[(k * d + i) * d];
      double on_axis = 0;
      for (std::size_t j = 0; j < d; ++j) on_axis += axis[j] * e[j];
      double const pull = gamma / spectrum_[k * d + i] * on_axis;
      for (std::size_t j = 0; j < d; ++j) product[j] -= pull * axis[j];
    }
  }
}

MixtureAtLevel::Values MixtureAtLevel::evaluate(std::span<double const> x, std::span<double> score,
                                                std::span<double> denoised,
                                                HessianProducts const& hessian) const {
  std::size_t const d = x.size(), count = log_factor_.size();
  assert(d == static_cast<std::size_t>(mixture_.dimension()));
  assert(score.empty() || score.size() == d);
  assert(denoised.empty() || denoised.size() == d);
  assert(hessian.tangents.size() % d == 0 && hessian.tangents.size() == hessian.products.size());

  std::size_t const d0 = denoised.empty() ? 0 : d;
  std::vector<double> room(count + count * d + count * d0 + d);
  std::span<double> const gamma(room.data(), count), scores(gamma.data() + count, count * d),
      states(scores.data() + count * d, count * d0), mean_score(states.data() + count * d0, d);
  for (std::size_t k = 0; k < count; ++k)
    gamma[k] = component(k, x, scores.subspan(k * d, d), states.subspan(k * d0, d0));
  double const log_density = normalise(gamma);

  // Components that weigh nothing are left out: their squares may be infinite.
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t i = 0; gamma[k] != 0 && i < d; ++i)
      mean_score[i] += gamma[k] * scores[k * d + i];
  std::fill(hessian.products.begin(), hessian.products.end(), 0.0);
  double divergence = 0;
  for (std::size_t k = 0; k < count; ++k) {
    if (gamma[k] == 0) continue;
    auto const away = scores.subspan(k * d, d);
    double spread = 0;
    for (std::size_t i = 0; i < d; ++i) {
      away[i] -= mean_score[i];
      spread += away[i] * away[i];
    }
    divergence += gamma[k] * (spread - trace_[k]);
    add_curvature(k, gamma[k], away, hessian);
  }
  std::copy_n(mean_score.begin(), score.size(), score.begin());

  std::fill(denoised.begin(), denoised.end(), 0.0);
  for (std::size_t k = 0; k < count; ++k)
    for (std::size_t i = 0; i < d0; ++i) denoised[i] += gamma[k] * states[k * d0 + i];
  if (variance_ == 0)
    for (std::size_t i = 0; i < denoised.size(); ++i) denoised[i] = x[i] / alpha_;
  return {.log_density = log_density, .divergence = divergence};
}

void MixtureAtLevel::responsibilities(std::span<double const> x, std::span<double> out) const {
  assert(out.size() == log_factor_.size());
  std::vector<double> score(x.size());
  for (std::size_t k = 0; k < out.size(); ++k) out[k] = component(k, x, score, {});
  normalise(out);
}

}  // namespace retrace
