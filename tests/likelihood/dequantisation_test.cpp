// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/likelihood/dequantisation.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace retrace {
namespace {

/// log of the density 0.9 y + 0.5 of y on [-1, 1].
double log_density(double y) { return std::log(0.45 * y + 0.5); }

TEST(Dequantisation, BoundsTheProbabilityOfIntegers) {
  Dequantisation const three{.bits = 3};
  for (int value = 0; value < 8; ++value) {
    double const left = -1 + 0.25 * value, right = left + 0.25;
    double const exact = std::log(0.225 * (right * right - left * left) + 0.5 * (right - left));
    double sum = 0, inverse = 0;
    std::vector<double> all;
    constexpr int draws = 1000;
    for (int draw = 0; draw < draws; ++draw) {
      std::vector<double> u(1), y(1);
      uniform_noise(3, static_cast<std::uint64_t>(value), draw, u);
      three.apply(std::vector{static_cast<double>(value)}, u, y);
      EXPECT_GE(y[0], left);
      EXPECT_LT(y[0], right);
      all.push_back(log_density(y[0]) + three.offset(1));
      sum += all.back();
      // With q(u | x) proportional to the density the bound is exact, whatever u.
      double const log_q = log_density(y[0]) - (exact - three.offset(1));
      inverse = std::max(inverse, std::abs(all.back() - log_q - exact));
    }
    EXPECT_LT(sum / draws, exact + 0.02);
    EXPECT_NEAR(log_mean_exp(all), exact, 0.1);
    EXPECT_GE(log_mean_exp(all), sum / draws);
    EXPECT_LE(inverse, 1e-12);
  }
}

TEST(Dequantisation, HasTheOffsetOfEightBitsOnMinusOneToOne) {
  // Seven bits a dimension: the intervals are 2 / 256 long.
  EXPECT_NEAR(Dequantisation{}.offset(3) / std::numbers::ln2, -21, 1e-12);
  EXPECT_NEAR((Dequantisation{.low = 0, .high = 1}.offset(1)) / std::numbers::ln2, -8, 1e-12);
}

TEST(Dequantisation, RefusesWhatIsNoDataOrNoNoise) {
  Dequantisation const eight;
  std::vector<double> y(1);
  for (double const x : {-1.0, 256.0, 0.5, std::nan("")})
    EXPECT_THROW(eight.apply(std::vector{x}, std::vector{0.5}, y), Error) << x;
  for (double const u : {-0.1, 1.0, std::nan("")})
    EXPECT_THROW(eight.apply(std::vector{3.0}, std::vector{u}, y), Error) << u;
  EXPECT_THROW((Dequantisation{.bits = 0}.check()), Error);
  EXPECT_THROW((Dequantisation{.bits = 17}.check()), Error);
  EXPECT_THROW((Dequantisation{.low = 1, .high = 1}.check()), Error);
}

TEST(Dequantisation, DrawsNoiseOfItsOwnForEveryRowAndDraw) {
  Dequantisation const four{.bits = 4, .low = -4, .high = 6};
  std::vector<double> const data{0, 15, 7, 7, 7, 7};
  constexpr int draws = 3;
  std::vector<double> const all = dequantised(four, data, 2, draws, 5, 10);
  ASSERT_EQ(all.size(), 18U);
  std::set<double> different;
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t k = 0; k < draws; ++k) {
      std::vector<double> u(2), y(2);
      uniform_noise(5, 10 + row, static_cast<std::int32_t>(k), u);
      four.apply(std::span(data).subspan(2 * row, 2), u, y);
      for (std::size_t c = 0; c < 2; ++c) EXPECT_EQ(all[(row * draws + k) * 2 + c], y[c]);
      different.insert(u.begin(), u.end());
    }
  EXPECT_EQ(different.size(), 18U);
  // The same row as another number of samples.
  EXPECT_EQ(dequantised(four, std::span(data).last(2), 2, draws, 5, 12),
            std::vector(all.end() - 6, all.end()));
  try {
    static_cast<void>(dequantised(four, std::vector<double>{0, 1, 2, 16}, 2, draws, 5));
    FAIL();
  } catch (Error const& error) {
    EXPECT_NE(std::string(error.what()).find("row 1, component 1 of the data is 16"),
              std::string::npos)
        << error.what();
  }
}

TEST(LogMeanExp, NeitherOverflowsNorIsWrongOfNothing) {
  EXPECT_NEAR(log_mean_exp(std::vector{1000.0, 1000.0}), 1000, 1e-12);
  EXPECT_NEAR(log_mean_exp(std::vector{0.0, std::log(3.0)}), std::log(2.0), 1e-15);
  EXPECT_EQ(log_mean_exp({}), -std::numeric_limits<double>::infinity());
}

}  // namespace
}  // namespace retrace
