// SPDX-License-Identifier: Apache-2.0
#include "line_mixture.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <numeric>

namespace retrace {
namespace {

double dot(std::span<double const> u, double const* v) {
  return std::inner_product(u.begin(), u.end(), v, 0.0);
}

}  // namespace

LineMixture::LineMixture(Mixture const& law, std::span<double const> direction) {
  std::size_t const d = direction.size();
  origin_ = dot(direction, law.mean().data());
  low_ = std::numeric_limits<double>::infinity();
  high_ = -low_;
  for (int k = 0; k < law.components(); ++k) {
    std::vector<double> const covariance = law.component_covariance(k);
    double variance = 0;
    for (std::size_t i = 0; i < d; ++i)
      variance += direction[i] * dot(direction, &covariance[i * d]);
    auto const index = static_cast<std::size_t>(k);
    double const mean = dot(direction, &law.means()[index * d]) - origin_;
    Component const component{law.weights()[index], mean, std::sqrt(variance)};
    components_.push_back(component);
    variance_ += component.weight * (mean * mean + variance);
    low_ = std::min(low_, mean - far * component.deviation);
    high_ = std::max(high_, mean + far * component.deviation);
  }
}

double LineMixture::distribution(double y) const {
  double out = 0;
  for (auto const& [weight, mean, deviation] : components_) {
    double const z = (y - mean) / deviation;
    if (z > far)
      out += weight;
    else if (z > -far)
      out += weight / 2 * std::erfc(-z / std::numbers::sqrt2);
  }
  return out;
}

LineMixture::Values LineMixture::values(double y) const {
  Values out{0, 0, 0};
  for (auto const& [weight, mean, deviation] : components_) {
    double const z = (y - mean) / deviation;
    if (z > far) {
      out.probability += weight;
      out.partial_mean += weight * mean;
    } else if (z > -far) {
      double const below = weight / 2 * std::erfc(-z / std::numbers::sqrt2);
      double const bell =
          weight * std::exp(-z * z / 2) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
      out.probability += below;
      out.density += bell / deviation;
      out.partial_mean += mean * below - deviation * bell;
    }
  }
  return out;
}

LineMixture::Quantile LineMixture::quantile(double probability, double start) const {
  double const scale = std::sqrt(variance_);
  double low = low_, high = high_, y = std::clamp(start, low_, high_);
  while (true) {
    Values const at = values(y);
    double const miss = probability - at.probability;
    // d/dp of the integral of quantiles is the quantile, so that an error of y counts squared.
    double const plain = at.partial_mean + miss * y;
    (miss > 0 ? low : high) = y;
    double const step = miss / at.density;  // may be infinite between components far apart
    if (std::abs(miss * step) <= 1e-10 * scale && std::abs(miss) <= 1e-3 * probability)
      return {y, at.density, plain + miss * step / 2};
    if (miss == 0 || high - low <= 1e-13 * (high_ - low_)) return {y, at.density, plain};
    y += step;
    if (!(y > low && y < high)) y = low + (high - low) / 2;
  }
}

}  // namespace retrace
