// SPDX-License-Identifier: Apache-2.0
#include "normal_on_interval.hpp"

#include <retrace/targets/box_mixture.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>

namespace retrace {

BoxMixtureAtLevel::BoxMixtureAtLevel(BoxMixture mixture, NoiseLevel const& level)
    : mixture_(std::move(mixture)), alpha_(level.alpha()), sigma_(level.sigma()) {
  assert(alpha_ > 0 || sigma_ > 0);
}

BoxMixtureAtLevel::Values BoxMixtureAtLevel::evaluate(std::span<double const> x,
                                                      std::span<double> score,
                                                      std::span<double> denoised,
                                                      HessianProducts const& hessian) const {
  std::size_t const d = x.size(), count = mixture_.weights().size();
  assert(d == static_cast<std::size_t>(mixture_.dimension()));
  assert(score.empty() || score.size() == d);
  assert(denoised.empty() || denoised.size() == d);
  assert(hessian.tangents.size() % d == 0 && hessian.tangents.size() == hessian.products.size());
  if (sigma_ == 0) return clean(x, score, denoised, hessian);

  BoxAxes const& axes = mixture_.axes();
  std::vector<NormalOnInterval> laws;
  for (std::size_t j = 0, i = 0; j < d; ++j)
    for (; i < static_cast<std::size_t>(axes.first_interval[j + 1]); ++i) {
      auto const edge = [&](int number) { return axes.edges[static_cast<std::size_t>(number)]; };
      laws.emplace_back(x[j], alpha_, sigma_, edge(axes.intervals[i].low),
                        edge(axes.intervals[i].high));
    }
  auto const law = [&](std::size_t k, std::size_t j) -> NormalOnInterval const& {
    return laws[static_cast<std::size_t>(axes.interval_of_box[k * d + j])];
  };

  std::vector<double> gamma(count);
  for (std::size_t k = 0; k < count; ++k) {
    gamma[k] = std::log(mixture_.weights()[k]);
    for (std::size_t j = 0; j < d; ++j) gamma[k] += law(k, j).log_density;
  }
  double const top = *std::max_element(gamma.begin(), gamma.end());
  double sum = 0;
  for (double& g : gamma) sum += g = std::exp(g - top);
  for (double& g : gamma) g /= sum;

  double divergence = 0;
  std::vector<double> mean_noise(d);
  for (std::size_t j = 0; j < d; ++j) {
    double state = 0, excess = 0;
    double& noise = mean_noise[j];
    for (std::size_t k = 0; k < count; ++k) {
      noise += gamma[k] * law(k, j).noise;
      state += gamma[k] * law(k, j).state;
    }
    for (std::size_t k = 0; k < count; ++k) {
      double const away = law(k, j).noise - noise;
      excess += gamma[k] * (law(k, j).excess + away * away);
    }
    divergence += excess / sigma_ / sigma_;
    if (!score.empty()) score[j] = -noise / sigma_;
    if (!denoised.empty()) denoised[j] = state;
  }
  // sum_k gamma_k (diagonal of the excesses + away away') / sigma^2, coordinates being independent
  // given the box.
  std::fill(hessian.products.begin(), hessian.products.end(), 0.0);
  for (std::size_t row = 0; row < hessian.tangents.size(); row += d)
    for (std::size_t k = 0; k < count; ++k) {
      double along = 0;
      for (std::size_t j = 0; j < d; ++j)
        along += (law(k, j).noise - mean_noise[j]) * hessian.tangents[row + j];
      for (std::size_t j = 0; j < d; ++j)
        hessian.products[row + j] += gamma[k] *
                                     (law(k, j).excess * hessian.tangents[row + j] +
                                      along * (law(k, j).noise - mean_noise[j])) /
                                     sigma_ / sigma_;
    }
  return {.log_density = top + std::log(sum) - static_cast<double>(d) * std::log(sigma_),
          .divergence = divergence};
}

BoxMixtureAtLevel::Values BoxMixtureAtLevel::clean(std::span<double const> x,
                                                   std::span<double> score,
                                                   std::span<double> denoised,
                                                   HessianProducts const& hessian) const {
  std::size_t const d = x.size();
  double density = 0;
  for (std::size_t k = 0; k < mixture_.weights().size(); ++k) {
    double here = mixture_.weights()[k];
    for (std::size_t j = 0; j < d; ++j) {
      double const low = mixture_.low()[k * d + j], high = mixture_.high()[k * d + j];
      double const inside = x[j] >= alpha_ * low && x[j] < alpha_ * high ? 1 : 0;
      here *= inside / (alpha_ * (high - low));
    }
    density += here;
  }
  double const slope = density > 0 ? 0 : std::numeric_limits<double>::quiet_NaN();
  std::fill(score.begin(), score.end(), slope);
  std::fill(hessian.products.begin(), hessian.products.end(), slope);
  for (std::size_t j = 0; j < denoised.size(); ++j) denoised[j] = x[j] / alpha_;
  return {.log_density = std::log(density), .divergence = slope};
}

}  // namespace retrace
