// SPDX-License-Identifier: Apache-2.0
#include "mixture_data.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/targets/mixture.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace retrace {

void Mixture::draw(std::uint64_t seed, std::int64_t sample, std::span<double> x) const {
  std::size_t const d = data_->d;
  assert(x.size() == d);
  auto const row = static_cast<std::uint64_t>(sample);
  double const u = draw_uniform(seed, row, Purpose::data, {.step = 0, .k = 0});
  auto const above = std::upper_bound(data_->cumulative.begin(), data_->cumulative.end() - 1, u);
  auto const k = static_cast<std::size_t>(above - data_->cumulative.begin());

  std::vector<float> z(d);
  draw_normals(seed, row, Purpose::data, {.step = 0, .k = 1}, z);
  std::copy_n(&data_->means[k * d], d, x.begin());
  if (data_->shape == CovarianceShape::isotropic) {
    double const deviation = std::sqrt(data_->variances[k]);
    for (std::size_t i = 0; i < d; ++i) x[i] += deviation * double{z[i]};
  } else {
    double const* const lower = &data_->factors[k * d * d];
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j <= i; ++j) x[i] += lower[i * d + j] * double{z[j]};
  }
}

void Mixture::draw(NoiseLevel const& level, std::uint64_t seed, std::int64_t sample,
                   std::span<double> x) const {
  draw(seed, sample, x);
  std::vector<float> z(data_->d);
  draw_normals(seed, static_cast<std::uint64_t>(sample), Purpose::data, {.step = 0, .k = 2}, z);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = level.alpha() * x[i] + level.sigma() * double{z[i]};
}

}  // namespace retrace
