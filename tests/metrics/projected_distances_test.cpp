// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/metrics/directions.hpp>
#include <retrace/metrics/projected_distances.hpp>

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <numbers>
#include <numeric>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace retrace {
namespace {

using Sample = std::vector<double>;

/// Two-sided normal quantile at 1e-6, the level of every statistical check here.
constexpr double z_level = 4.892;

Sample normals(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 engine(seed);
  std::normal_distribution<double> draw;
  Sample out(count);
  for (double& v : out) v = draw(engine);
  return out;
}

Sample shifted(Sample x, Sample const& by) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += by[i % by.size()];
  return x;
}

Sample scaled(Sample x, double by) {
  for (double& v : x) v *= by;
  return x;
}

Sample repeated(Sample const& x, int times) {
  Sample out;
  for (int k = 0; k < times; ++k) out.insert(out.end(), x.begin(), x.end());
  return out;
}

/// x . u for every row of x.
Sample projected(Sample const& x, std::span<double const> u) {
  Sample out;
  for (auto row = x.begin(); row != x.end(); row += static_cast<std::ptrdiff_t>(u.size()))
    out.push_back(std::inner_product(u.begin(), u.end(), row, 0.0));
  return out;
}

double mean_distance(Sample const& x, Sample const& y, std::size_t dimension) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); i += dimension)
    for (std::size_t j = 0; j < y.size(); j += dimension) {
      double square = 0;
      for (std::size_t c = 0; c < dimension; ++c) square += std::pow(x[i + c] - y[j + c], 2);
      sum += std::sqrt(square);
    }
  return sum * static_cast<double>(dimension * dimension) / static_cast<double>(x.size()) /
         static_cast<double>(y.size());
}

/// The definition, over all pairs.
double brute_energy(Sample const& x, Sample const& y, std::size_t dimension) {
  return 2 * mean_distance(x, y, dimension) - mean_distance(x, x, dimension) -
         mean_distance(y, y, dimension);
}

/// E|Z - a| for Z ~ N(0, 1).
double mean_absolute(double a) {
  double const density = std::exp(-a * a / 2) / std::sqrt(2 * std::numbers::pi);
  return a * std::erf(a / std::numbers::sqrt2) + 2 * density;
}

TEST(ProjectedDistances, MeasureTheGapOfTwoPointMasses) {
  auto const line = projected_distances(Sample{1, 1, 1}, Sample{-2, -2}, 1);
  EXPECT_DOUBLE_EQ(line.sliced_wasserstein, 3);
  EXPECT_DOUBLE_EQ(line.energy_distance, 6);

  // |(3, 4)| = 5; 64 directions in the plane are good to 2.1e-4.
  auto const plane = projected_distances(Sample{1, 1}, repeated({4, 5}, 3), 2);
  EXPECT_NEAR(plane.sliced_wasserstein, 2 / std::numbers::pi * 5, 2.1e-4 * 5);
  EXPECT_NEAR(plane.energy_distance, 2 * 5, 2.1e-4 * 10);
}

TEST(ProjectedDistances, OfShiftedCopiesAreTheProjectedShift) {
  Sample const plane = normals(1, 2000);
  EXPECT_NEAR(sliced_wasserstein(plane, shifted(plane, {3, -4}), 2), 2 / std::numbers::pi * 5,
              2.1e-4 * 5);

  Sample const space = normals(2, 900), by = {0.5, -2, 1};
  Sample const along = projected(directions(3, 64), by);
  double const expected = std::transform_reduce(along.begin(), along.end(), 0.0, std::plus<>{},
                                                [](double v) { return std::abs(v); }) /
                          64;
  EXPECT_NEAR(sliced_wasserstein(space, shifted(space, by), 3), expected, 1e-13);
}

TEST(ProjectedDistances, MatchTheClosedFormsOfShiftedGaussians) {
  std::size_t const n = 400'000;
  double const m = 0.7, count = n;
  Sample const x = normals(3, n), y = shifted(normals(4, n), {m});
  auto const found = projected_distances(x, y, 1);

  // Where no quantiles cross, W1 is the difference of the means.
  EXPECT_NEAR(found.sliced_wasserstein, m, z_level * std::sqrt(2 / count));

  // X - Y ~ N(-m, 2). First-order variance of the V-statistic: the influence of one point of x is
  // h(x) = 2 E|x - Y| - 2 E|x - X'|, by symmetry the same for y. Its bias is known exactly.
  double const root2 = std::numbers::sqrt2;
  double const self = root2 * mean_absolute(0);
  double const exact = 2 * (root2 * mean_absolute(m / root2) - self) + 2 * self / count;
  double sum = 0, square = 0;
  for (double v : x) {
    double const h = 2 * (mean_absolute(v - m) - mean_absolute(v));
    sum += h;
    square += h * h;
  }
  double const error = std::sqrt(2 * (square - sum * sum / count)) / count;
  EXPECT_NEAR(found.energy_distance, exact, z_level * error);

  // Negative control: a shift wrong by 3 %.
  auto const wrong = projected_distances(x, shifted(y, {0.03 * m}), 1);
  EXPECT_GT(std::abs(wrong.sliced_wasserstein - m), z_level * std::sqrt(2 / count));
  EXPECT_GT(std::abs(wrong.energy_distance - exact), z_level * error);
}

TEST(ProjectedDistances, EnergyIsTheMeanOverPairs) {
  for (auto [n, m] : {std::pair<std::size_t, std::size_t>{1, 1}, {40, 40}, {37, 55}}) {
    Sample const x = normals(5, n), y = shifted(scaled(normals(6, m), 2), {0.3});
    EXPECT_NEAR(energy_distance(x, y, 1), brute_energy(x, y, 1), 1e-12);
  }
}

// The norm is off by at most 2.1e-4 of itself at 64 directions in the plane, so no mean over pairs
// is off by more.
TEST(ProjectedDistances, EnergyIsTheMeanOverPairsInThePlane) {
  Sample const x = normals(7, 2 * 60), y = shifted(scaled(normals(8, 2 * 45), 1.5), {0.3, -1});
  double const terms = 2 * mean_distance(x, y, 2) + mean_distance(x, x, 2) + mean_distance(y, y, 2);
  EXPECT_NEAR(energy_distance(x, y, 2), brute_energy(x, y, 2), 2.1e-4 * terms);
  EXPECT_NEAR(energy_distance(x, y, 2, 10'000), brute_energy(x, y, 2), 1e-8 * terms);
}

// In five dimensions the directions are draws, so this is a statistical check over them.
TEST(ProjectedDistances, EnergyIsTheMeanOverPairsInFiveDimensions) {
  std::size_t const d = 5, count = 20'000;
  double const c5 = 8.0 / 3;  // sqrt(pi) Gamma(3) / Gamma(5/2)
  Sample const x = normals(9, d * 20), y = shifted(normals(10, d * 25), {0.5, -1, 0, 1, 0});
  Sample const u = directions(5, static_cast<int>(count));
  double sum = 0, square = 0, wasserstein = 0;
  for (std::size_t k = 0; k < count; ++k) {
    auto const direction = std::span(u).subspan(k * d, d);
    Sample const on_x = projected(x, direction), on_y = projected(y, direction);
    double const energy = c5 * brute_energy(on_x, on_y, 1);
    sum += energy;
    square += energy * energy;
    wasserstein += sliced_wasserstein(on_x, on_y, 1);
  }
  auto const n = static_cast<double>(count);
  double const error = std::sqrt((square - sum * sum / n) / n / n);
  double const exact = brute_energy(x, y, d);

  auto const found = projected_distances(x, y, 5, static_cast<int>(count));
  EXPECT_NEAR(found.energy_distance, sum / n, 1e-12);
  EXPECT_NEAR(found.sliced_wasserstein, wasserstein / n, 1e-12);
  EXPECT_NEAR(found.energy_distance, exact, z_level * error);
  // Negative control: the constant of four dimensions.
  double const c4 = 3 * std::numbers::pi / 4;
  EXPECT_GT(std::abs(found.energy_distance * c4 / c5 - exact), z_level * error);
}

TEST(ProjectedDistances, AreZeroForTheSamePoints) {
  for (int d : {1, 2, 5}) {
    Sample const x = normals(11, 500);
    for (int times : {1, 3}) {
      auto const found = projected_distances(x, repeated(x, times), d);
      EXPECT_EQ(found.sliced_wasserstein, 0);
      EXPECT_EQ(found.energy_distance, 0);
    }
  }
}

TEST(ProjectedDistances, TakeUnequalSizesAsWeights) {
  Sample const x = normals(12, 3 * 70), y = scaled(normals(13, 3 * 42), 1.3);
  auto const unequal = projected_distances(x, y, 3);
  auto const equal = projected_distances(repeated(x, 3), repeated(y, 5), 3);
  EXPECT_NEAR(unequal.sliced_wasserstein, equal.sliced_wasserstein, 1e-13);
  EXPECT_NEAR(unequal.energy_distance, equal.energy_distance, 1e-13);
}

TEST(ProjectedDistances, AreSymmetric) {
  Sample const x = normals(14, 2 * 300), y = scaled(normals(15, 2 * 200), 1.2);
  auto const there = projected_distances(x, y, 2), back = projected_distances(y, x, 2);
  EXPECT_EQ(there.sliced_wasserstein, back.sliced_wasserstein);
  EXPECT_EQ(there.energy_distance, back.energy_distance);
}

TEST(ProjectedDistances, DoNotDependOnTheOrderOfRowsNorOnTheOrigin) {
  Sample const x = normals(16, 2 * 300), y = scaled(normals(17, 2 * 300), 1.2);
  auto const found = projected_distances(x, y, 2);

  Sample turned(x.rbegin(), x.rend());
  for (std::size_t i = 0; i < turned.size(); i += 2) std::swap(turned[i], turned[i + 1]);
  auto const permuted = projected_distances(turned, y, 2);
  EXPECT_EQ(found.sliced_wasserstein, permuted.sliced_wasserstein);
  EXPECT_EQ(found.energy_distance, permuted.energy_distance);

  auto const moved = projected_distances(shifted(x, {10, -3}), shifted(y, {10, -3}), 2);
  EXPECT_NEAR(found.sliced_wasserstein, moved.sliced_wasserstein, 1e-13);
  EXPECT_NEAR(found.energy_distance, moved.energy_distance, 1e-13);
}

TEST(ProjectedDistances, AreTheSameBitsOnAnyNumberOfThreads) {
  Sample const x = normals(18, 3 * 2000), y = normals(19, 3 * 2000);
  auto on_threads = [&](std::size_t threads) {
    tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, threads);
    return projected_distances(x, y, 3);
  };
  auto const one = on_threads(1), two = on_threads(2);
  EXPECT_EQ(one.sliced_wasserstein, two.sliced_wasserstein);
  EXPECT_EQ(one.energy_distance, two.energy_distance);
}

TEST(ProjectedDistances, GiveTheirFiguresOneByOne) {
  Sample const x = normals(20, 200), y = scaled(normals(21, 200), 2);
  auto const both = projected_distances(x, y, 2, 32);
  EXPECT_EQ(sliced_wasserstein(x, y, 2, 32), both.sliced_wasserstein);
  EXPECT_EQ(energy_distance(x, y, 2, 32), both.energy_distance);
}

// Each bound holds at 1e-6 for equal laws. Energy distance: Szekely and Bakirov's (2003) tail bound
// for quadratic forms, z^2 times the mean. Sliced Wasserstein of standard normals: the mean is at
// most sqrt(2 / n) integral sqrt(Phi (1 - Phi)), and the figure is sqrt(2 / n)-Lipschitz in the
// draws, so that Gaussian concentration holds. Negative control: a scale wrong by 5 %.
TEST(ProjectedDistances, SeeAScaleFaultOverTheFloorOfExactAgainstExact) {
  double const n = 200'000;
  auto const values = static_cast<std::size_t>(2 * n);
  double integral = 0;
  for (double v = -9; v < 9; v += 1e-3) {
    double const below = std::erfc(-v / std::numbers::sqrt2) / 2;
    integral += 1e-3 * std::sqrt(below * (1 - below));
  }
  double const wasserstein_bound = std::sqrt(2 / n) * (integral + std::sqrt(2 * std::log(1e6)));
  double const mean_pair = std::sqrt(std::numbers::pi);  // E|X - X'| of N(0, I) in the plane
  double const energy_bound = z_level * z_level * 2 / n * mean_pair;

  Sample const x = normals(22, values), y = normals(23, values);
  auto const floor = projected_distances(x, y, 2, 16);
  EXPECT_LT(floor.sliced_wasserstein, wasserstein_bound);
  EXPECT_LT(floor.energy_distance, energy_bound);

  auto const fault = projected_distances(x, scaled(y, 1.05), 2, 16);
  EXPECT_GT(fault.sliced_wasserstein, wasserstein_bound);
  EXPECT_GT(fault.energy_distance, energy_bound);
}

void expect_refused(Sample const& x, Sample const& y, int dimension, std::string const& named,
                    int count = 64, Fault fault = Fault::argument) {
  try {
    (void)projected_distances(x, y, dimension, count);
    ADD_FAILURE() << "expected a refusal that names " << named;
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), fault);
    EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
  }
}

TEST(ProjectedDistances, RefuseSamplesThatAreNone) {
  Sample const good = {1, 2, 3, 4};
  expect_refused({}, good, 2, "first sample is empty");
  expect_refused(good, {}, 2, "second sample is empty");
  expect_refused(good, {1, 2, 3}, 2, "3 values in dimension 2");
  expect_refused(good, good, 0, "dimension 0");
  expect_refused(good, good, 2, "count 0", 0);
}

TEST(ProjectedDistances, RefuseValuesThatAreNotFinite) {
  Sample const good = {1, 2, 3, 4};
  double const infinity = std::numeric_limits<double>::infinity();
  expect_refused({1, 2, 3, 4, 5, std::nan("")}, good, 2, "row 2");
  expect_refused(good, {1, -infinity}, 2, "second sample has a value that is not finite; row 0");
}

TEST(ProjectedDistances, RefuseAnOverflow) {
  double const large = 1.7e308;
  expect_refused({large, large}, {-large, -large}, 2, "overflow", 64, Fault::numerics);
  expect_refused({large}, {-large}, 1, "overflow", 64, Fault::numerics);
}

}  // namespace
}  // namespace retrace
