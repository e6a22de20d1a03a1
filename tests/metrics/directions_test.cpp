// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/metrics/directions.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <numbers>
#include <numeric>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace retrace {
namespace {

/// z of the mean fourth power of a component against uniform directions: E u^4 = 3 / (d (d + 2)),
/// E u^8 = 105 / (d (d + 2) (d + 4) (d + 6)).
double z_of_fourth_power(std::span<double const> vectors, std::size_t dimension) {
  auto const d = static_cast<double>(dimension);
  auto const n = static_cast<double>(vectors.size() / dimension);
  double const mean = 3 / (d * (d + 2));
  double const variance = 105 / (d * (d + 2) * (d + 4) * (d + 6)) - mean * mean;
  double sum = 0;
  for (std::size_t i = 0; i < vectors.size(); i += dimension) sum += std::pow(vectors[i], 4);
  return (sum / n - mean) / std::sqrt(variance / n);
}

TEST(Directions, AreOneOnTheLine) { EXPECT_EQ(directions(1, 64), std::vector<double>{1.0}); }

TEST(Directions, AreEvenlySpacedInThePlane) {
  std::vector<double> const u = directions(2, 5);
  ASSERT_EQ(u.size(), 10u);
  for (std::size_t k = 0; k < 5; ++k)
    EXPECT_NEAR(std::atan2(u[2 * k + 1], u[2 * k]),
                (static_cast<double>(k) + 0.5) * std::numbers::pi / 5, 1e-15);
}

TEST(Directions, HaveUnitLength) {
  for (int d : {1, 2, 3, 5, 50, 1000}) {
    std::vector<double> const u = directions(d, 64);
    auto const size = static_cast<std::ptrdiff_t>(d);
    for (auto row = u.begin(); row != u.end(); row += size)
      EXPECT_NEAR(std::inner_product(row, row + size, row, 0.0), 1, 1e-14) << "dimension " << d;
  }
}

TEST(Directions, StartWithTheAxesWhereThereIsRoomForMore) {
  std::vector<double> const u = directions(3, 4);
  EXPECT_EQ(std::vector<double>(u.begin(), u.begin() + 9),
            (std::vector<double>{1, 0, 0, 0, 1, 0, 0, 0, 1}));
  for (double v : directions(3, 3)) EXPECT_LT(std::abs(v), 1);
}

TEST(Directions, AreThePrefixOfLongerLists) {
  std::vector<double> const shorter = directions(7, 10), longer = directions(7, 64);
  EXPECT_EQ(shorter, std::vector<double>(longer.begin(), longer.begin() + 70));
}

// Frozen: a change of the directions changes every figure that was ever reported along them.
TEST(Directions, AreFixed) {
  std::vector<double> const u = directions(3, 4);
  EXPECT_NEAR(u[9], 0.9431268202565349, 1e-14);
  EXPECT_NEAR(u[10], -0.2836559271092608, 1e-14);
  EXPECT_NEAR(u[11], -0.1733525769308994, 1e-14);
}

// Level 1e-6 (|z| < 4.892). Negative control: the points of a cube, normalised, crowd its corners.
TEST(Directions, AreUniformOnTheSphere) {
  for (int d : {3, 10}) {
    auto const size = static_cast<std::size_t>(d);
    std::vector<double> const u = directions(d, 100'000);
    EXPECT_LT(std::abs(z_of_fourth_power(std::span(u).subspan(size * size), size)), 4.892);

    std::mt19937_64 engine(1);
    std::vector<double> cube(u.size());
    for (auto row = cube.begin(); row != cube.end(); row += d) {
      for (auto v = row; v != row + d; ++v) *v = static_cast<double>(engine()) * 0x1p-63 - 1;
      double const norm = std::sqrt(std::inner_product(row, row + d, row, 0.0));
      for (auto v = row; v != row + d; ++v) *v /= norm;
    }
    EXPECT_GT(std::abs(z_of_fourth_power(cube, size)), 4.892);
  }
}

TEST(Directions, RefuseNumbersBelowOne) {
  for (auto [dimension, count] : {std::pair{0, 64}, {-1, 64}, {2, 0}, {3, -5}}) {
    try {
      (void)directions(dimension, count);
      ADD_FAILURE() << dimension << ", " << count;
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::argument);
    }
  }
}

}  // namespace
}  // namespace retrace
