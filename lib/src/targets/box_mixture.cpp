// SPDX-License-Identifier: Apache-2.0
#include "diffuse.hpp"
#include "weights.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/targets/box_mixture.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace retrace {

struct BoxMixture::Data {
  std::size_t d = 0;
  Weights weights;
  std::vector<double> low, high;
  BoxAxes axes;
};

namespace {

void check_edges(std::vector<double> const& low, std::vector<double> const& high, std::size_t k) {
  if (low.empty() || low.size() % k != 0)
    refuse("low holds " + std::to_string(low.size()) + " numbers",
           "that is not [" + std::to_string(k) + "][d] with d >= 1");
  if (high.size() != low.size())
    refuse("high holds " + std::to_string(high.size()) + " numbers",
           "low holds " + std::to_string(low.size()));
  std::size_t const d = low.size() / k;
  if (d > static_cast<std::size_t>(DrawKey::max_dimension))
    refuse("boxes have " + std::to_string(d) + " coordinates",
           "at most " + std::to_string(DrawKey::max_dimension) + " are allowed");
  for (std::size_t i = 0; i < low.size(); ++i) {
    if (!std::isfinite(low[i])) refuse(entry("low", i / d, i % d) + " is not finite", {});
    if (!std::isfinite(high[i])) refuse(entry("high", i / d, i % d) + " is not finite", {});
    if (!(low[i] < high[i]))
      refuse(entry("high", i / d, i % d) + " is " + number_text(high[i]),
             "it is not above " + entry("low", i / d, i % d) + " = " + number_text(low[i]));
  }
}

BoxAxes axes_of(std::vector<double> const& low, std::vector<double> const& high, std::size_t d) {
  std::size_t const count = low.size() / d;
  BoxAxes axes;
  axes.first_edge = axes.first_interval = {0};
  axes.interval_of_box.resize(low.size());
  for (std::size_t j = 0; j < d; ++j) {
    std::vector<double> edges;
    for (std::size_t k = 0; k < count; ++k)
      edges.insert(edges.end(), {low[k * d + j], high[k * d + j]});
    std::sort(edges.begin(), edges.end());
    edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
    auto const number = [&](double edge) {
      auto const at = std::lower_bound(edges.begin(), edges.end(), edge) - edges.begin();
      return axes.first_edge[j] + static_cast<int>(at);
    };
    for (std::size_t k = 0; k < count; ++k) {
      BoxAxes::Interval const interval{number(low[k * d + j]), number(high[k * d + j])};
      auto const first = axes.intervals.begin() + axes.first_interval[j];
      auto const found = std::find(first, axes.intervals.end(), interval);
      axes.interval_of_box[k * d + j] = static_cast<int>(found - axes.intervals.begin());
      if (found == axes.intervals.end()) axes.intervals.push_back(interval);
    }
    axes.edges.insert(axes.edges.end(), edges.begin(), edges.end());
    axes.first_edge.push_back(static_cast<int>(axes.edges.size()));
    axes.first_interval.push_back(static_cast<int>(axes.intervals.size()));
  }
  return axes;
}

}  // namespace

BoxMixture::BoxMixture(std::vector<double> weights, std::vector<double> low,
                       std::vector<double> high) {
  check_weights(weights);
  check_edges(low, high, weights.size());
  auto data = std::make_shared<Data>();
  data->d = low.size() / weights.size();
  data->axes = axes_of(low, high, data->d);
  data->weights = Weights(std::move(weights));
  data->low = std::move(low);
  data->high = std::move(high);
  data_ = std::move(data);
}

int BoxMixture::dimension() const { return static_cast<int>(data_->d); }
int BoxMixture::boxes() const { return static_cast<int>(data_->weights.values.size()); }
std::span<double const> BoxMixture::weights() const { return data_->weights.values; }
std::span<double const> BoxMixture::low() const { return data_->low; }
std::span<double const> BoxMixture::high() const { return data_->high; }
BoxAxes const& BoxMixture::axes() const { return data_->axes; }

std::vector<double> BoxMixture::mean() const {
  std::vector<double> mean(data_->d);
  for (std::size_t i = 0; i < data_->low.size(); ++i)
    mean[i % data_->d] += weights()[i / data_->d] * (low()[i] + high()[i]) / 2;
  return mean;
}

std::vector<double> BoxMixture::covariance() const {
  std::size_t const d = data_->d;
  std::vector<double> const centre = mean();
  std::vector<double> whole(d * d);
  for (std::size_t k = 0; k < weights().size(); ++k) {
    auto const away = [&](std::size_t i) {
      return (low()[k * d + i] + high()[k * d + i]) / 2 - centre[i];
    };
    for (std::size_t i = 0; i < d; ++i) {
      double const width = high()[k * d + i] - low()[k * d + i];
      whole[i * d + i] += weights()[k] * width * width / 12;
      for (std::size_t j = 0; j < d; ++j) whole[i * d + j] += weights()[k] * away(i) * away(j);
    }
  }
  return whole;
}

BoxMixtureAtLevel BoxMixture::at(NoiseLevel const& level) const { return {*this, level}; }

int BoxMixture::component_of_draw(std::uint64_t seed, std::int64_t sample) const {
  auto const row = static_cast<std::uint64_t>(sample);
  return static_cast<int>(
      data_->weights.chosen_by(draw_uniform(seed, row, Purpose::data, {.step = 0, .k = 0})));
}

void BoxMixture::draw(std::uint64_t seed, std::int64_t sample, std::span<double> x) const {
  std::size_t const d = data_->d;
  assert(x.size() == d);
  auto const row = static_cast<std::uint64_t>(sample);
  auto const k = static_cast<std::size_t>(component_of_draw(seed, sample));
  for (std::size_t i = 0; i < d; ++i) {
    double const u =
        draw_uniform(seed, row, Purpose::data, {.step = static_cast<std::int64_t>(i), .k = 3});
    x[i] = low()[k * d + i] + u * (high()[k * d + i] - low()[k * d + i]);
  }
}

void BoxMixture::draw(NoiseLevel const& level, std::uint64_t seed, std::int64_t sample,
                      std::span<double> x) const {
  draw(seed, sample, x);
  diffuse(level, seed, sample, x);
}

}  // namespace retrace
