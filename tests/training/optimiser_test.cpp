// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/training/optimiser.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace retrace {
namespace {

constexpr std::size_t count = 9984;  // a few parts, not a whole number of them

AlignedVector<float> numbers(std::uint64_t seed) {
  AlignedVector<float> z(count);
  draw_normals(seed, 0, Purpose::start, {}, z);
  return z;
}

TEST(Optimiser, StepsAsAdamIsWritten) {
  TrainingOptions const options{.iterations = 50,
                                .learning_rate = 1e-2,
                                .warm_up = 5,
                                .weight_decay = 0.1,
                                .clip = 50,
                                .ema = {0.5, 0.99}};
  AlignedVector<float> const start = numbers(1);
  Weights weights(start, 2);
  std::vector<double> w(start.begin(), start.end()), m(count), v(count);
  std::vector<std::vector<double>> averages(2, w);
  for (std::int64_t i = 0; i < 50; ++i) {
    AlignedVector<float> const gradient = numbers(std::uint64_t(i) + 2);
    double square = 0;
    for (float const g : gradient) square += double(g) * double(g);
    double const norm = std::sqrt(square), clip = std::min(1.0, 50 / norm);
    update(weights, gradient, norm, options, i);
    double const warm = std::min(1.0, double(i + 1) / 5);
    double const rate = 1e-2 * warm * (1 + std::cos(M_PI * double(i) / 50)) / 2;
    EXPECT_NEAR(learning_rate_at(options, i), rate, 1e-15);
    for (std::size_t k = 0; k < count; ++k) {
      double const g = clip * double(gradient[k]);
      m[k] = 0.9 * m[k] + 0.1 * g;
      v[k] = 0.999 * v[k] + 0.001 * g * g;
      double const m_hat = m[k] / (1 - std::pow(0.9, double(i + 1)));
      double const v_hat = v[k] / (1 - std::pow(0.999, double(i + 1)));
      w[k] -= rate * 0.1 * w[k] + rate * m_hat / (std::sqrt(v_hat) + 1e-8);
      for (std::size_t a = 0; a < 2; ++a) {
        double const keep = std::min(options.ema[a], double(1 + i) / double(10 + i));
        averages[a][k] = keep * averages[a][k] + (1 - keep) * w[k];
      }
    }
  }
  for (std::size_t k = 0; k < count; ++k) {
    ASSERT_NEAR(weights.parameters[k], w[k], 3e-6 * std::max(1.0, std::abs(w[k]))) << k;
    ASSERT_NEAR(weights.averages[0][k], averages[0][k], 5e-6) << k;
    ASSERT_NEAR(weights.averages[1][k], averages[1][k], 5e-6) << k;
  }
}

TEST(Optimiser, AddsUpTheGradientsOfBlocksAndMeasuresThem) {
  std::vector<AlignedVector<float>> gradients{numbers(1), numbers(2), numbers(3)};
  auto const given = gradients;
  double const norm = reduce(gradients, 7);
  double square = 0;
  for (std::size_t k = 0; k < count; ++k) {
    float const sum = (given[0][k] + given[1][k]) + given[2][k];
    ASSERT_EQ(gradients[0][k], sum * (1.F / 7)) << k;
    square += double(gradients[0][k]) * double(gradients[0][k]);
  }
  EXPECT_NEAR(norm, std::sqrt(square), 1e-12 * norm);
  gradients[1][count - 1] = std::nanf("");
  EXPECT_TRUE(std::isnan(reduce(gradients, 7)));
}

}  // namespace
}  // namespace retrace
