// SPDX-License-Identifier: Apache-2.0
#include "exact_draws.hpp"

#include <retrace/core/error.hpp>
#include <retrace/metrics/mode_weights.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>
#include <tbb/global_control.h>

#include <cmath>
#include <vector>

namespace retrace {
namespace {

using testing::exact_draws;

/// Fifty modes on a spiral, a few spreads apart, of unequal weights; `factor` goes to the first.
Mixture fifty_modes(double factor = 1) {
  std::vector<double> weights, means, variances;
  double total = 0;
  for (int k = 0; k < 50; ++k) {
    weights.push_back((k == 0 ? factor : 1) * (1 + k % 3));
    total += weights.back();
    double const angle = 2.4 * k, radius = std::sqrt(k + 1.0);
    means.push_back(radius * std::cos(angle));
    means.push_back(radius * std::sin(angle));
    variances.push_back(0.1);
  }
  for (double& w : weights) w /= total;
  return Mixture::isotropic(weights, means, variances);
}

TEST(ModeWeights, AreTheMeanPosteriorOfEachComponent) {
  // Even weights and variances at -1 and 1: the posterior of the second is 1 / (1 + exp(-2 x / v)).
  Mixture const law = Mixture::isotropic({0.5, 0.5}, {-1, 1}, {0.8, 0.8});
  std::vector<double> const x = {-2, 0.1, 0.4};
  double exact = 0;
  for (double v : x) exact += 1 / (1 + std::exp(-2 * v / 0.8)) / 3;
  ModeWeights const found = mode_weights(x, law);
  ASSERT_EQ(found.components.size(), 2u);
  EXPECT_NEAR(found.components[1].value, exact, 1e-15);
  EXPECT_NEAR(found.components[0].value, 1 - exact, 1e-15);
  EXPECT_EQ(found.components[0].expected, 0.5);
}

TEST(ModeWeights, AreSharesWhereModesLieFarApart) {
  Mixture const law = Mixture::isotropic({0.2, 0.3, 0.5}, {-50, 0, 50}, {1, 1, 1});
  ModeWeights const found = mode_weights(std::vector<double>{-49, -51, 0.5, 51, 50, 49, 50}, law);
  EXPECT_NEAR(found.components[0].value, 2.0 / 7, 1e-14);
  EXPECT_NEAR(found.components[1].value, 1.0 / 7, 1e-14);
  EXPECT_NEAR(found.components[2].value, 4.0 / 7, 1e-14);
}

TEST(ModeWeights, OfComponentsThatAreTheSameAreTheirWeights) {
  Mixture const law = Mixture::isotropic({0.2, 0.8}, {3, 3}, {1, 1});
  ModeWeights const found = mode_weights(std::vector<double>{-7, 3, 100}, law);
  EXPECT_NEAR(found.components[0].value, 0.2, 1e-12);
  EXPECT_NEAR(found.largest.value, 0, 1e-12);
}

TEST(ModeWeights, HaveTheThresholdsOfBernsteinAndOfMaurerAndPontil) {
  Mixture const apart = Mixture::isotropic({0.2, 0.8}, {-50, 50}, {1, 1});
  std::size_t const n = 1000;
  double const log_odds = std::log(12e6);
  EXPECT_NEAR(mode_weights(exact_draws(apart, n, 1), apart).components[0].threshold,
              std::sqrt(2 * 0.16 * log_odds / n) + log_odds / (3 * n), 1e-12);

  Mixture const near = Mixture::isotropic({0.2, 0.8}, {-0.01, 0.01}, {1, 1});
  auto const x = exact_draws(near, n, 1);
  double mean = 0, variance = 0;
  auto posterior = [](double v) { return 1 / (1 + 4 * std::exp(0.02 * v)); };
  for (double v : x) mean += posterior(v) / n;
  for (double v : x) variance += std::pow(posterior(v) - mean, 2) / (n - 1);
  EXPECT_NEAR(mode_weights(x, near).components[0].threshold,
              std::sqrt(2 * variance * log_odds / n) + 7 * log_odds / (3 * (n - 1)), 1e-12);
}

TEST(ModeWeights, NameTheWorstComponentAsTheLargest) {
  ModeWeights const found = mode_weights(exact_draws(fifty_modes(2), 20'000, 1), fifty_modes());
  Checked const& first = found.components[0];
  EXPECT_NEAR(found.largest.value, std::abs(first.value - first.expected) / first.threshold, 1e-9);
  EXPECT_EQ(found.largest.threshold, 1);
}

// Level 1e-6. The controls: one weight of fifty doubled, and a mode lost.
TEST(ModeWeights, AcceptExactDrawsOfFiftyModesAndSeeOneThatIsWrong) {
  Mixture const law = fifty_modes();
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    EXPECT_TRUE(mode_weights(exact_draws(law, 20'000, seed), law).largest.passes()) << seed;
    for (double factor : {2.0, 1e-9})
      EXPECT_FALSE(
          mode_weights(exact_draws(fifty_modes(factor), 20'000, seed), law).largest.passes())
          << seed << " " << factor;
  }
}

TEST(ModeWeights, AcceptFewExactDraws) {
  Mixture const law = testing::correlated_mixture(3, 5);
  for (std::size_t n : {1, 2, 3, 10, 511, 512, 513})
    EXPECT_TRUE(mode_weights(exact_draws(law, n, n), law).largest.passes()) << n;
}

TEST(ModeWeights, AreTheSameBitsOnAnyNumberOfThreads) {
  Mixture const law = testing::correlated_mixture(3, 6);
  auto const x = exact_draws(law, 5000, 5);
  auto on_threads = [&](std::size_t threads) {
    tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, threads);
    return mode_weights(x, law);
  };
  ModeWeights const one = on_threads(1), two = on_threads(2);
  for (std::size_t k = 0; k < 6; ++k) {
    EXPECT_EQ(one.components[k].value, two.components[k].value);
    EXPECT_EQ(one.components[k].threshold, two.components[k].threshold);
  }
}

TEST(ModeWeights, RefuseWhatTheyCannotJudge) {
  Mixture const law = testing::scattered_mixture(2, 2);
  EXPECT_THROW((void)mode_weights({}, law), Error);
  EXPECT_THROW((void)mode_weights(std::vector{1.0, 2.0, 3.0}, law), Error);
  EXPECT_THROW((void)mode_weights(std::vector{1.0, std::nan("")}, law), Error);
  EXPECT_THROW((void)mode_weights(std::vector{1e300, 1e300}, law), Error);
}

}  // namespace
}  // namespace retrace
