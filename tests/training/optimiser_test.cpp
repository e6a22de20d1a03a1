// SPDX-License-Identifier: Apache-2.0
#include <retrace/training/optimiser.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace retrace {
namespace {

constexpr std::size_t size = 64;
constexpr std::int64_t iterations = 40;

AlignedVector<float> start() {
  AlignedVector<float> w(size);
  for (std::size_t k = 0; k < size; ++k) w[k] = std::sin(1.0F + static_cast<float>(k));
  return w;
}

/// From 1e-3 to 1, changing signs at different rates.
AlignedVector<float> gradient(std::int64_t i) {
  AlignedVector<float> g(size);
  for (std::size_t k = 0; k < size; ++k) {
    auto const place = static_cast<double>(k);
    g[k] = static_cast<float>(std::pow(10, -3 * place / size) *
                              std::cos(0.2 * static_cast<double>(i) * (1 + place / 7) + place));
  }
  return g;
}

double norm_of(AlignedVector<float> const& g) {
  double square = 0;
  for (float const each : g) square += double{each} * double{each};
  return std::sqrt(square);
}

TrainingOptions with_everything() {
  return {.iterations = 50,
          .learning_rate = 0.02,
          .warm_up = 5,
          .weight_decay = 0.3,
          .clip = 0.7,
          .ema = {0.5, 0.999}};
}

enum class Unbiased { both, second, first };

/// Kingma and Ba 2015, Algorithm 1, with the decay of Loshchilov and Hutter 2019, Algorithm 2,
/// line 12, in double: parameters and averages after all iterations.
std::vector<std::vector<double>> by_the_papers(TrainingOptions const& options,
                                               Unbiased unbiased = Unbiased::both) {
  AlignedVector<float> const w0 = start();
  std::vector<double> theta(w0.begin(), w0.end()), m(size), v(size);
  std::vector<std::vector<double>> averages(options.ema.size(), theta);
  for (std::int64_t t = 1; t <= iterations; ++t) {
    AlignedVector<float> const g = gradient(t - 1);
    double const clip = std::min(1.0, options.clip / norm_of(g));
    auto const count = static_cast<double>(t);
    double const alpha = options.learning_rate * std::min(1.0, count / 5) *
                         std::pow(std::cos(std::numbers::pi * (count - 1) / 100), 2);
    for (std::size_t k = 0; k < size; ++k) {
      double const clipped = clip * double{g[k]};
      m[k] = 0.9 * m[k] + 0.1 * clipped;
      v[k] = 0.999 * v[k] + 0.001 * clipped * clipped;
      double const first = unbiased == Unbiased::second ? m[k] : m[k] / (1 - std::pow(0.9, count));
      double const second =
          unbiased == Unbiased::first ? v[k] : v[k] / (1 - std::pow(0.999, count));
      theta[k] -= alpha * (first / (std::sqrt(second) + 1e-8) + options.weight_decay * theta[k]);
    }
    for (std::size_t a = 0; a < averages.size(); ++a) {
      double const rate = std::min(options.ema[a], count / (count + 9));
      for (std::size_t k = 0; k < size; ++k)
        averages[a][k] = rate * averages[a][k] + (1 - rate) * theta[k];
    }
  }
  averages.insert(averages.begin(), theta);
  return averages;
}

std::vector<AlignedVector<float>> by_the_library(TrainingOptions const& options) {
  Weights weights(start(), options.ema.size());
  for (std::int64_t i = 0; i < iterations; ++i) {
    AlignedVector<float> const g = gradient(i);
    update(weights, g, norm_of(g), options, i);
  }
  std::vector<AlignedVector<float>> found{weights.parameters};
  found.insert(found.end(), weights.averages.begin(), weights.averages.end());
  return found;
}

double largest_difference(std::vector<AlignedVector<float>> const& found,
                          std::vector<std::vector<double>> const& expected) {
  double largest = 0;
  for (std::size_t a = 0; a < expected.size(); ++a)
    for (std::size_t k = 0; k < size; ++k)
      largest = std::max(largest, std::abs(double{found[a][k]} - expected[a][k]));
  return largest;
}

TEST(Optimiser, IsAdamOfThePapersInDouble) {
  TrainingOptions const options = with_everything();
  auto const found = by_the_library(options);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_LT(largest_difference(found, by_the_papers(options)), 5e-6);
  // The controls: either moment without the correction of its bias, another decay, no clipping.
  EXPECT_GT(largest_difference(found, by_the_papers(options, Unbiased::first)), 1e-2);
  EXPECT_GT(largest_difference(found, by_the_papers(options, Unbiased::second)), 1e-2);
  TrainingOptions other = options;
  other.weight_decay = 0.31;
  EXPECT_GT(largest_difference(found, by_the_papers(other)), 1e-4);
  other = options;
  other.clip = 1e9;
  EXPECT_GT(largest_difference(found, by_the_papers(other)), 1e-4);
}

/// m / sqrt(v) is the gradient's sign at first, whatever its size, if both moments are corrected.
TEST(Optimiser, GoesTheLengthOfTheRateInItsFirstStep) {
  TrainingOptions const options{
      .iterations = 1000, .learning_rate = 0.01, .warm_up = 0, .clip = 0, .ema = {0.9}};
  Weights weights(start(), 1);
  AlignedVector<float> const before = weights.parameters, g = gradient(0);
  update(weights, g, norm_of(g), options, 0);
  for (std::size_t k = 0; k < size; ++k)
    EXPECT_NEAR(weights.parameters[k] - before[k], -0.01 * g[k] / (std::abs(g[k]) + 1e-8), 1e-7)
        << k;
}

TEST(Optimiser, AddsUpTheGradientsOfABatchAndKnowsTheirNorm) {
  std::vector<AlignedVector<float>> parts{gradient(1), gradient(2), gradient(3)};
  std::vector<double> expected(size);
  double square = 0;
  for (std::size_t k = 0; k < size; ++k) {
    for (auto const& part : parts) expected[k] += double{part[k]} / 12;
    square += expected[k] * expected[k];
  }
  EXPECT_NEAR(reduce(parts, 12), std::sqrt(square), 1e-7);
  for (std::size_t k = 0; k < size; ++k) EXPECT_NEAR(parts[0][k], expected[k], 1e-7) << k;
}

}  // namespace
}  // namespace retrace
