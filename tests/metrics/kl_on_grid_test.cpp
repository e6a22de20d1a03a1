// SPDX-License-Identifier: Apache-2.0
#include "exact_draws.hpp"

#include <retrace/core/error.hpp>
#include <retrace/metrics/kl_on_grid.hpp>

#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <boost/math/tools/roots.hpp>
#include <gtest/gtest.h>
#include <support/mixtures.hpp>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace retrace {
namespace {

using testing::exact_draws;
using testing::stretched;

double normal_distribution(double z) { return std::erfc(-z / std::numbers::sqrt2) / 2; }

/// n times the same point: their divergence is -log of the probability of its cell.
double probability_of_cell(double a, double b, Mixture const& law, int cells) {
  std::vector<double> x;
  for (int i = 0; i < 100'000; ++i) x.insert(x.end(), {a, b});
  return std::exp(-kl_on_grid(x, law, cells).value);
}

TEST(KlOnGrid, KnowsTheQuadrantsOfAGaussian) {
  for (double correlation : {0.0, 0.01, 0.3, 0.9, 0.999, 1 - 1e-6, 1 - 1e-12})
    for (double sign : {-1.0, 1.0}) {
      double const c = 6 * sign * correlation;  // deviations of 2 and 3
      Mixture const law = Mixture::full({1}, {10, -20}, {4, c, c, 9});
      EXPECT_NEAR(probability_of_cell(11, -20 + sign, law, 2),
                  0.25 + std::asin(correlation) / (2 * std::numbers::pi),
                  1e-7 * correlation + 1e-13)
          << correlation << " " << sign;
      if (correlation > 0.99) continue;  // that cell expects too few
      EXPECT_NEAR(probability_of_cell(11, -20 - sign, law, 2),
                  0.25 - std::asin(correlation) / (2 * std::numbers::pi), 1e-12)
          << correlation << " " << sign;
    }
}

/// The probability of a cell of a mixture, by quadrature of the first coordinate's density times
/// the conditional probability of the second.
double brute(double a, double b, Mixture const& law, int cells) {
  auto marginal = [&](std::size_t axis, double y) {
    double sum = 0;
    for (int k = 0; k < law.components(); ++k) {
      auto const i = static_cast<std::size_t>(k);
      sum +=
          law.weights()[i] * normal_distribution((y - law.means()[2 * i + axis]) /
                                                 std::sqrt(law.component_covariance(k)[3 * axis]));
    }
    return sum;
  };
  auto line = [&](std::size_t axis, int j) {
    double const infinity = std::numeric_limits<double>::infinity();
    if (j == 0) return -infinity;
    if (j == cells) return infinity;
    auto miss = [&](double y) { return marginal(axis, y) - static_cast<double>(j) / cells; };
    return boost::math::tools::bisect(miss, -50.0, 50.0,
                                      boost::math::tools::eps_tolerance<double>())
        .first;
  };
  int const i = static_cast<int>(marginal(0, a) * cells),
            j = static_cast<int>(marginal(1, b) * cells);
  double const left = line(0, i), right = line(0, i + 1), low = line(1, j), high = line(1, j + 1);
  double sum = 0;
  for (int k = 0; k < law.components(); ++k) {
    auto const at = static_cast<std::size_t>(k);
    auto const c = law.component_covariance(k);
    double const mx = law.means()[2 * at], my = law.means()[2 * at + 1];
    auto density = [&](double x) {
      double const m = my + c[1] / c[0] * (x - mx), s = std::sqrt(c[3] - c[1] * c[1] / c[0]);
      return std::exp(-(x - mx) * (x - mx) / (2 * c[0])) / std::sqrt(2 * std::numbers::pi * c[0]) *
             (normal_distribution((high - m) / s) - normal_distribution((low - m) / s));
    };
    double const far = 9 * std::sqrt(c[0]), from = std::max(left, mx - far),
                 to = std::min(right, mx + far);
    if (from < to)
      sum += law.weights()[at] * boost::math::quadrature::gauss_kronrod<double, 61>::integrate(
                                     density, from, to, 10, 1e-13);
  }
  return sum;
}

TEST(KlOnGrid, KnowsTheCellsOfMixtures) {
  for (Mixture const& law : {testing::correlated_mixture(2, 5), testing::scattered_mixture(2, 7)})
    for (std::uint64_t seed = 0; seed < 20; ++seed) {
      auto const x = exact_draws(law, 1, seed);
      double const exact = brute(x[0], x[1], law, 9);
      if (exact < 2e-4) continue;  // in the cell of those that expect too few
      EXPECT_NEAR(probability_of_cell(x[0], x[1], law, 9), exact, 1e-9) << seed;
    }
}

// Sixteen cells of 1/16.
TEST(KlOnGrid, ExpectsWilliamsTimesChiSquared) {
  Mixture const law = Mixture::isotropic({1}, {1, 2}, {0.7});
  double const n = 400, q = 1 + (16 * 16 - 1) / (6 * n * 15);
  Checked const found = kl_on_grid(exact_draws(law, 400, 1), law, 4);
  EXPECT_NEAR(found.expected, q * 15 / (2 * n), 1e-12);
  double const upper = quantile(complement(boost::math::chi_squared(15), check_level / 2));
  EXPECT_NEAR(found.expected + found.threshold, q * upper / (2 * n), 1e-9);
}

// With two axes of `cells` the degrees of freedom run from 3 to 16383.
TEST(KlOnGrid, HasTheQuantilesOfBoost) {
  Mixture const law = Mixture::isotropic({1}, {0, 0}, {1});
  std::vector<double> x;
  for (int i = 0; i < 400'000; ++i) x.insert(x.end(), {0.1, 0.1});
  for (int cells : {2, 3, 5, 16, 50, 128}) {
    double const freedom = cells * cells - 1;
    double const upper = quantile(complement(boost::math::chi_squared(freedom), check_level / 2));
    Checked const found = kl_on_grid(x, law, cells);
    EXPECT_NEAR((found.expected + found.threshold) / found.expected, upper / freedom, 1e-8)
        << cells;
  }
}

// The mean over 300 exact samples, to five standard errors; chi-squared itself is 1.7 % less.
TEST(KlOnGrid, KnowsItsMeanAndVarianceOverExactDraws) {
  Mixture const law = Mixture::isotropic({1}, {0, 0}, {1});
  std::size_t const n = 2600;  // 10.2 a cell
  double mean = 0, square = 0, expected = 0;
  int const samples = 300;
  for (std::uint64_t seed = 0; seed < samples; ++seed) {
    Checked const found = kl_on_grid(exact_draws(law, n, seed), law);
    double const g = 2 * static_cast<double>(n) * found.value;
    mean += g / samples;
    square += g * g / samples;
    expected = 2 * static_cast<double>(n) * found.expected;
  }
  EXPECT_NEAR(mean, expected, 5 * std::sqrt(2 * 255.0 / samples));
  EXPECT_NEAR((square - mean * mean) / (2 * 255), 1, 5 * std::sqrt(2.0 / samples) + 0.05);
}

// Level 1e-6. The controls: a scale of 10 %, a Gaussian of the same mean and covariance.
TEST(KlOnGrid, AcceptsExactDrawsAndSeesFaults) {
  std::size_t const n = 20'000;
  for (int components : {1, 3, 40}) {
    Mixture const law = testing::correlated_mixture(2, components);
    for (std::uint64_t seed : {1, 2, 3})
      EXPECT_TRUE(kl_on_grid(exact_draws(law, n, seed), law).passes()) << components;
    EXPECT_FALSE(kl_on_grid(stretched(exact_draws(law, n, 1), 1.1), law).passes()) << components;
    if (components == 1) continue;
    Mixture const gaussian = Mixture::full({1}, law.mean(), law.covariance());
    EXPECT_FALSE(kl_on_grid(exact_draws(gaussian, n, 1), law).passes()) << components;
  }
}

// Four modes on a square leave most cells empty: half a percent of the samples between them.
TEST(KlOnGrid, SeesSamplesWhereThereShouldBeNone) {
  Mixture const law = Mixture::isotropic({0.25, 0.25, 0.25, 0.25}, {-9, -9, -9, 9, 9, -9, 9, 9},
                                         {0.1, 0.1, 0.1, 0.1});
  auto x = exact_draws(law, 20'000, 3);
  EXPECT_TRUE(kl_on_grid(x, law, 17).passes());  // a row and a column are the gap
  for (std::size_t i = 0; i < 100; ++i) x[400 * i] = x[400 * i + 1] = 0;
  EXPECT_FALSE(kl_on_grid(x, law, 17).passes());
}

TEST(KlOnGrid, SeesSamplesThatAreTooEven) {
  Mixture const law = Mixture::isotropic({1}, {0, 0}, {1});
  std::vector<double> x;
  boost::math::normal const normal;
  for (int i = 0; i < 128; ++i)
    for (int j = 0; j < 128; ++j)
      x.insert(x.end(), {quantile(normal, (i + 0.5) / 128), quantile(normal, (j + 0.5) / 128)});
  Checked const found = kl_on_grid(x, law);
  EXPECT_NEAR(found.value, 0, 1e-9);
  EXPECT_FALSE(found.passes());
}

TEST(KlOnGrid, IsTheSameBitsForAnyThreadsAndAnyOrderOfRows) {
  Mixture const law = testing::correlated_mixture(2, 6);
  auto const x = exact_draws(law, 2000, 5);
  auto on_threads = [&](std::size_t threads) {
    tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, threads);
    return kl_on_grid(x, law);
  };
  Checked const one = on_threads(1), two = on_threads(2);
  EXPECT_EQ(one.value, two.value);
  EXPECT_EQ(one.threshold, two.threshold);
  std::vector<double> backwards;
  for (std::size_t i = x.size(); i > 0; i -= 2)
    backwards.insert(backwards.end(), {x[i - 2], x[i - 1]});
  EXPECT_EQ(kl_on_grid(backwards, law).value, one.value);
}

TEST(KlOnGrid, RefusesWhatItCannotJudge) {
  Mixture const law = testing::scattered_mixture(2, 2);
  auto const x = exact_draws(law, 100, 1);
  EXPECT_NO_THROW((void)kl_on_grid(x, law, 2));
  EXPECT_THROW((void)kl_on_grid(x, law, 1), Error);
  EXPECT_THROW((void)kl_on_grid(x, testing::scattered_mixture(1, 2)), Error);
  EXPECT_THROW((void)kl_on_grid({}, law), Error);
  EXPECT_THROW((void)kl_on_grid(std::vector{1.0, std::nan("")}, law), Error);
  EXPECT_THROW((void)kl_on_grid(exact_draws(law, 19, 1), law), Error);
}

}  // namespace
}  // namespace retrace
