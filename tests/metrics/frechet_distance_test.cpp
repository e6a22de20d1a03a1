// SPDX-License-Identifier: Apache-2.0
#include "exact_draws.hpp"

#include <retrace/core/error.hpp>
#include <retrace/metrics/frechet_distance.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <cmath>
#include <vector>

namespace retrace {
namespace {

using testing::exact_draws;
using testing::stretched;

TEST(FrechetDistance, HasTheClosedFormOfCommutingCovariances) {
  // Mean (1, 0), covariance diag(4, 9) against mean (0, 0), diag(1, 16): 1 + (2 - 1)^2 + (3 - 4)^2.
  std::vector<double> const x = {3, 3, 3, -3, -1, 3, -1, -3};
  Mixture const law = Mixture::full({1}, {0, 0}, {1, 0, 0, 16});
  EXPECT_NEAR(frechet_distance(x, law).value, 3, 1e-13);
}

// 400 exact samples: the mean is known to some 7 %.
TEST(FrechetDistance, KnowsItsMeanOverExactDraws) {
  for (int d : {1, 2, 5}) {
    Mixture const law = testing::correlated_mixture(d, 4);
    double mean = 0, threshold = 0;
    for (std::uint64_t seed = 0; seed < 400; ++seed) {
      Checked const found = frechet_distance(exact_draws(law, 500, seed), law);
      mean += found.value / 400;
      threshold = found.threshold;
    }
    EXPECT_NEAR(threshold / (check_z * check_z) / mean, 1, 0.35) << d;
  }
}

// Level 1e-6. The controls: a scale of 10 % and a shift of a tenth.
TEST(FrechetDistance, AcceptsExactDrawsAndSeesFaults) {
  std::size_t const n = 20'000;
  for (int d : {1, 2, 10}) {
    Mixture const law = testing::correlated_mixture(d, 5);
    for (std::uint64_t seed : {1, 2, 3})
      EXPECT_TRUE(frechet_distance(exact_draws(law, n, seed), law).passes());
    EXPECT_FALSE(frechet_distance(stretched(exact_draws(law, n, 1), 1.1), law).passes());
    auto moved = exact_draws(law, n, 1);
    for (double& v : moved) v += 0.1;
    EXPECT_FALSE(frechet_distance(moved, law).passes());
  }
}

TEST(FrechetDistance, RefusesSamplesThatAreNone) {
  Mixture const law = testing::scattered_mixture(2, 2);
  EXPECT_THROW((void)frechet_distance({}, law), Error);
  EXPECT_THROW((void)frechet_distance(std::vector{1.0, std::nan("")}, law), Error);
  EXPECT_THROW((void)frechet_distance(std::vector{1e300, 1.0, -1e300, 1.0}, law), Error);
}

}  // namespace
}  // namespace retrace
