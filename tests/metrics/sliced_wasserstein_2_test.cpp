// SPDX-License-Identifier: Apache-2.0
#include "exact_draws.hpp"

#include <retrace/core/error.hpp>
#include <retrace/metrics/directions.hpp>
#include <retrace/metrics/sliced_wasserstein_2.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>

namespace retrace {
namespace {

using testing::exact_draws;
using testing::stretched;

/// Samples [n] on the line against a mixture of two Gaussians, by its definition: the midpoint rule
/// over quantiles found by bisection, `fine` a sample.
double brute(std::vector<double> x, Mixture const& law, int fine) {
  std::sort(x.begin(), x.end());
  double sum = 0;
  std::size_t const count = x.size() * static_cast<std::size_t>(fine);
  for (std::size_t i = 0; i < count; ++i) {
    double const p = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
    double low = -50, high = 50;
    for (int k = 0; k < 60; ++k) {
      double const middle = (low + high) / 2;
      double below = 0;
      for (std::size_t c = 0; c < law.weights().size(); ++c)
        below += law.weights()[c] / 2 *
                 std::erfc((law.means()[c] - middle) / std::sqrt(2 * law.variances()[c]));
      (below < p ? low : high) = middle;
    }
    sum += std::pow(x[i / static_cast<std::size_t>(fine)] - low, 2);
  }
  return std::sqrt(sum / static_cast<double>(count));
}

TEST(SlicedWasserstein2, OfAPointIsItsMeanSquareDistance) {
  // E |y - c|^2 = variance + (mean - c)^2 along each direction; 2-D directions average u u^T to
  // I / 2.
  Mixture const law = testing::correlated_mixture(2, 4);
  auto const mean = law.mean(), covariance = law.covariance();
  double const exact =
      covariance[0] + covariance[3] + std::pow(mean[0] - 1, 2) + std::pow(mean[1] + 2, 2);
  EXPECT_NEAR(sliced_wasserstein_2(std::vector{1.0, -2.0}, law).value, std::sqrt(exact / 2), 1e-12);
}

TEST(SlicedWasserstein2, IsTheDistanceOfQuantiles) {
  for (double gap : {0.5, 3.0, 30.0}) {
    Mixture const law = Mixture::isotropic({0.3, 0.7}, {-gap / 2, gap / 2}, {0.2, 1});
    auto const x = stretched(exact_draws(law, 50, 4), 1.2);
    EXPECT_NEAR(sliced_wasserstein_2(x, law).value, brute(x, law, 4000), 1e-4 * gap) << gap;
  }
}

// A shift of all samples by v changes W2^2 by |v|^2 - 2 v . (mean - their mean), exactly.
TEST(SlicedWasserstein2, KnowsShiftsExactly) {
  Mixture const law = testing::scattered_mixture(1, 5);
  auto x = exact_draws(law, 3000, 6);
  double const before = sliced_wasserstein_2(x, law).value;
  double mean = 0;
  for (double& v : x) {
    mean += v / 3000;
    v += 0.25;
  }
  double const square = before * before + 0.25 * 0.25 + 2 * 0.25 * (mean - law.mean()[0]);
  EXPECT_NEAR(sliced_wasserstein_2(x, law).value, std::sqrt(square), 1e-9);
}

// Level 1e-6. The controls: 25 % of the scale, a Gaussian of the same mean and covariance, weights
// wrong by 0.1.
TEST(SlicedWasserstein2, AcceptsExactDrawsAndSeesFaults) {
  std::size_t const n = 20'000;
  for (int d : {1, 2, 10}) {
    Mixture const law = testing::correlated_mixture(d, 5);
    for (std::uint64_t seed : {1, 2, 3})
      EXPECT_TRUE(sliced_wasserstein_2(exact_draws(law, n, seed), law).passes());
    EXPECT_FALSE(sliced_wasserstein_2(stretched(exact_draws(law, n, 1), 1.25), law).passes());
  }
  Mixture const even = Mixture::isotropic({0.5, 0.5}, {-3, 0, 3, 0}, {1, 1});
  Mixture const odd = Mixture::isotropic({0.6, 0.4}, {-3, 0, 3, 0}, {1, 1});
  Mixture const gaussian = Mixture::full({1}, even.mean(), even.covariance());
  EXPECT_FALSE(sliced_wasserstein_2(exact_draws(odd, n, 1), even).passes());
  EXPECT_FALSE(sliced_wasserstein_2(exact_draws(gaussian, n, 1), even).passes());
}

/// Mean square over 60 exact samples: their own spread is 10 % or less.
double mean_square(Mixture const& law, std::size_t n) {
  double sum = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed)
    sum += std::pow(sliced_wasserstein_2(exact_draws(law, n, seed), law, 16).value, 2) / 60;
  return sum;
}

// Where the shares of two modes are nearly all, the threshold is check_z roots of the mean square.
TEST(SlicedWasserstein2, KnowsTheMeanSquareOfExactDrawsOfModesFarApart) {
  Mixture const law = Mixture::isotropic({0.4, 0.6}, {-9, 9}, {0.5, 1});
  double const threshold = sliced_wasserstein_2(exact_draws(law, 1000, 1), law).threshold;
  EXPECT_NEAR(threshold / (check_z * std::sqrt(mean_square(law, 1000))), 1, 0.25);
}

// Of a Gaussian on the line, n times the square has the eigenvalues v, v / 2, v / 3 ... (de Wet and
// Venter 1972).
TEST(SlicedWasserstein2, KnowsTheLargestEigenvalueOfAGaussian) {
  Mixture const law = Mixture::isotropic({1}, {3}, {4});
  std::size_t const n = 1000;
  double const threshold = sliced_wasserstein_2(exact_draws(law, n, 1), law).threshold;
  double const mean = std::sqrt(mean_square(law, n)), deviation = 2 / std::sqrt(n);
  EXPECT_NEAR((threshold - 4.753 * deviation) / mean, 1, 0.2);
  EXPECT_LT(threshold, 0.9 * check_z * mean);
}

TEST(SlicedWasserstein2, AcceptsFewDraws) {
  Mixture const law = testing::scattered_mixture(2, 3);
  for (std::size_t n : {1, 2, 3, 10, 101, 511, 512, 513}) {
    Checked const found = sliced_wasserstein_2(exact_draws(law, n, n), law);
    EXPECT_TRUE(found.passes()) << n;
    EXPECT_TRUE(std::isfinite(found.threshold)) << n;
  }
}

TEST(SlicedWasserstein2, IsTheSameBitsOnAnyNumberOfThreads) {
  Mixture const law = testing::correlated_mixture(3, 6);
  auto const x = exact_draws(law, 2000, 5);
  auto on_threads = [&](std::size_t threads) {
    tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, threads);
    return sliced_wasserstein_2(x, law);
  };
  EXPECT_EQ(on_threads(1).value, on_threads(2).value);
  EXPECT_EQ(on_threads(1).threshold, on_threads(2).threshold);
}

TEST(SlicedWasserstein2, RefusesSamplesThatAreNone) {
  Mixture const law = testing::scattered_mixture(2, 2);
  EXPECT_THROW((void)sliced_wasserstein_2({}, law), Error);
  EXPECT_THROW((void)sliced_wasserstein_2(std::vector{1.0, 2.0, 3.0}, law), Error);
  EXPECT_THROW((void)sliced_wasserstein_2(std::vector{1.0, std::nan("")}, law), Error);
  EXPECT_THROW((void)sliced_wasserstein_2(std::vector{1e300, 1e300}, law), Error);
}

}  // namespace
}  // namespace retrace
