// SPDX-License-Identifier: Apache-2.0
#include "diffuse.hpp"
#include "mixture_data.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/targets/mixture.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <vector>

namespace retrace {

int Mixture::component_of_draw(std::uint64_t seed, std::int64_t sample) const {
  auto const row = static_cast<std::uint64_t>(sample);
  return static_cast<int>(
      data_->weights.chosen_by(draw_uniform(seed, row, Purpose::data, {.step = 0, .k = 0})));
}

void Mixture::draw(std::uint64_t seed, std::int64_t sample, std::span<double> x) const {
  std::size_t const d = data_->d;
  assert(x.size() == d);
  auto const row = static_cast<std::uint64_t>(sample);
  auto const k = static_cast<std::size_t>(component_of_draw(seed, sample));

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
  diffuse(level, seed, sample, x);
}

}  // namespace retrace
