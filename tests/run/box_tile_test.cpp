// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/lanes.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/box_source.hpp>
#include <retrace/targets/checkerboard.hpp>

#include <gtest/gtest.h>
#include <support/boxes.hpp>
#include <support/continuous.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace retrace {
namespace {

constexpr int lanes = 64;

/// E[x0 | x] of the fused kernel for a tile of points, [component][lane].
template <class T, int Dim, class Isa>
std::vector<T> denoised_of(BoxMixture const& boxes, NoiseLevel const& s,
                           std::vector<double> const& points) {
  auto const prepared = BoxSource(boxes).prepare<T, Dim, Execution>({}, std::span(&s, 1));
  auto const d = static_cast<std::size_t>(boxes.dimension());
  Kokkos::View<T*, Kokkos::HostSpace> x("x", lanes * d);
  Kokkos::View<T*, Kokkos::HostSpace> scratch(
      "scratch", static_cast<std::size_t>(prepared.tile.scratch(lanes)));
  for (std::size_t i = 0; i < points.size(); ++i) x(i) = static_cast<T>(points[i]);
  prepared.tile(HostLanes<T, Isa, lanes>{}, x.data(), x.data(), Evaluation<T>{0, 0, T(0), T(1)},
                scratch.data());
  return {x.data(), x.data() + x.size()};
}

/// Exact draws of p_t at 1, 3, 10 and 40 spreads, rounded to T, [component][lane].
template <class T>
std::vector<double> points_of(BoxMixture const& boxes, NoiseLevel const& s) {
  auto const d = static_cast<std::size_t>(boxes.dimension());
  std::vector<double> all(lanes * d), x(d);
  for (int l = 0; l < lanes; ++l) {
    boxes.draw(s, 3, l, x);
    constexpr double spreads[] = {1, 3, 10, 40};
    for (std::size_t j = 0; j < d; ++j)
      all[j * lanes + static_cast<std::size_t>(l)] =
          static_cast<double>(static_cast<T>(x[j] * spreads[l % 4]));
  }
  return all;
}

/// Largest distance between the kernel's E[x0 | x] and the host's, over 1 + the distance of the
/// point from the data in units of x0: what the rounding of x alone amounts to.
template <class T, int Dim, class Isa = simd::Native>
double largest_error(BoxMixture const& boxes) {
  auto const d = static_cast<std::size_t>(boxes.dimension());
  double largest = 0;
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(entry.name);
    for (double const share : {0.001, 0.01, 0.1, 0.3, 0.6, 0.95, 1.0}) {
      NoiseLevel const s = sde.at(sde.t_min() + share * (sde.t_max() - sde.t_min()));
      std::vector<double> const points = points_of<T>(boxes, s);
      std::vector<T> const found = denoised_of<T, Dim, Isa>(boxes, s, points);
      BoxMixtureAtLevel const law = boxes.at(s);
      for (std::size_t l = 0; l < lanes; ++l) {
        std::vector<double> x(d), exact(d);
        double away = 0;  // in sigmas
        for (std::size_t j = 0; j < d; ++j) {
          x[j] = points[j * lanes + l];
          away = std::fmax(away, std::abs(x[j]) / s.sigma());
        }
        law.denoised(x, exact);
        for (std::size_t j = 0; j < d; ++j) {
          double const error =
              std::abs(static_cast<double>(found[j * lanes + l]) - exact[j]) / (1 + away * away);
          if (std::isnan(error) || error > largest) largest = error;  // a NaN stays
        }
      }
    }
  }
  return largest;
}

TEST(BoxTile, GivesTheDenoisedStatesOfTheHostUpToFortySpreads) {
  EXPECT_LE((largest_error<double, 2>(checkerboard{}())), 1e-14);
  EXPECT_LE((largest_error<float, 2>(checkerboard{}())), 2e-6);
  EXPECT_LE((largest_error<double, 1>(testing::scattered_boxes(1))), 1e-14);
  EXPECT_LE((largest_error<float, 1>(testing::scattered_boxes(1))), 2e-6);
  EXPECT_LE((largest_error<double, 0>(testing::scattered_boxes(4))), 1e-14);
  EXPECT_LE((largest_error<float, 0>(testing::scattered_boxes(3))), 2e-6);
}

/// Boxes on a grid with gaps, of unequal widths and weights.
BoxMixture tiled_boxes(int dimension) {
  std::vector<double> low, high;
  constexpr double left[] = {-3, -1, -0.7, 2}, right[] = {-1, -0.7, 1, 2.01};
  for (std::size_t const k : {0, 1, 2, 3})
    for (std::size_t j = 0; j < static_cast<std::size_t>(dimension); ++j) {
      low.push_back(left[(k + j) % 4]);
      high.push_back(right[(k + j) % 4]);
    }
  return {{0.1, 0.4, 0.2, 0.3}, low, high};
}

TEST(BoxTile, GivesTheDenoisedStatesOfBoxesOnAGrid) {
  EXPECT_LE((largest_error<double, 1>(tiled_boxes(1))), 1e-14);
  EXPECT_LE((largest_error<float, 1>(tiled_boxes(1))), 2e-6);
  EXPECT_LE((largest_error<double, 2>(tiled_boxes(2))), 1e-14);
  EXPECT_LE((largest_error<float, 2>(tiled_boxes(2))), 2e-6);
  EXPECT_LE((largest_error<float, 0>(tiled_boxes(2))), 2e-6);
}

TEST(BoxTile, StaysFiniteInManyDimensionsFarOut) {
  // The share of one axis is 1e-5, of twelve 1e-60.
  NoiseLevel const s = make_sde("edm").at(2e-3);
  std::vector<double> const points(12 * lanes, 300.0);
  for (float const value :
       denoised_of<float, 0, simd::Native>(testing::scattered_boxes(12), s, points))
    EXPECT_TRUE(value > -2.1F && value < 4.1F) << value;
}

TEST(BoxTile, GivesTheSameBitsInEveryLaneAndForADimensionAtRunTime) {
  for (BoxMixture const& boxes : {testing::scattered_boxes(2), tiled_boxes(2)})
    for (double const t : {0.001, 0.03, 0.3, 1.0, 20.0, 80.0}) {
      NoiseLevel const s = make_sde("edm").at(std::fmax(t, 0.002));
      auto const points = points_of<float>(boxes, s);
      auto const native = denoised_of<float, 2, simd::Native>(boxes, s, points);
      EXPECT_EQ(native, (denoised_of<float, 2, simd::Scalar>(boxes, s, points))) << t;
      EXPECT_EQ(native, (denoised_of<float, 0, simd::Native>(boxes, s, points))) << t;
      EXPECT_EQ((denoised_of<double, 2, simd::Native>(boxes, s, points)),
                (denoised_of<double, 0, simd::Scalar>(boxes, s, points)))
          << t;
    }
}

TEST(BoxTile, FindsTheNearestSquareFromTheMiddleOfAnEmptyOne) {
  // 1 away from four squares, 1e-3 sigmas: every mass underflows
  NoiseLevel const s = make_sde("edm").at(2e-3);
  std::vector<double> points(2 * lanes, 1.0);
  for (std::size_t l = 0; l < lanes; ++l) points[lanes + l] = -0.9;  // nearest: (x, 0)
  auto const found = denoised_of<float, 2, simd::Native>(checkerboard{}(), s, points);
  for (std::size_t l = 0; l < lanes; ++l) {
    EXPECT_NEAR(found[l], 1, 1e-5);
    EXPECT_NEAR(found[lanes + l], 0, 1e-4);
  }
}

TEST(BoxTile, PassesOnWhatIsNotFinite) {
  std::vector<double> points(2 * lanes, 0.5);
  points[3] = std::nan("");
  auto const found =
      denoised_of<float, 2, simd::Native>(checkerboard{}(), make_sde("vp").at(0.5), points);
  for (std::size_t l = 0; l < lanes; ++l) EXPECT_EQ(std::isnan(found[l]), l == 3);
}

}  // namespace
}  // namespace retrace
