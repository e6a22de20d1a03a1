// SPDX-License-Identifier: Apache-2.0
#include "exact_draws.hpp"

#include <retrace/core/error.hpp>
#include <retrace/metrics/squared_mmd.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>
#include <tbb/global_control.h>

#include <cmath>
#include <vector>

namespace retrace {
namespace {

using testing::exact_draws;
using testing::stretched;

// N(m, v) on the line and bandwidth l: E k(x, X) = l / sqrt(l^2 + v) exp(-(x - m)^2 / (2 (l^2 +
// v))), E k(X, X') = l / sqrt(l^2 + 2 v). Three samples make the pairs 01, 12, 20.
TEST(SquaredMmd, HasTheClosedFormOfAGaussian) {
  double const m = 0.3, v = 0.7, l = 0.9;
  std::vector<double> const x = {-1, 0.2, 1.5};
  double pairs = 0, single = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    pairs += std::exp(-std::pow(x[i] - x[(i + 1) % 3], 2) / (2 * l * l)) / 3;
    single += l / std::sqrt(l * l + v) * std::exp(-std::pow(x[i] - m, 2) / (2 * (l * l + v))) / 3;
  }
  double const exact = pairs - 2 * single + l / std::sqrt(l * l + 2 * v);
  EXPECT_NEAR(squared_mmd(x, Mixture::isotropic({1}, {m}, {v}), l).value, exact, 1e-14);
}

// Level 1e-6. The controls: a scale of 20 %, weights wrong by 0.1 and a Gaussian of the same mean
// and covariance.
TEST(SquaredMmd, AcceptsExactDrawsAndSeesFaults) {
  std::size_t const n = 20'000;
  for (int d : {1, 2, 10}) {
    Mixture const law = testing::correlated_mixture(d, 5);
    for (std::uint64_t seed : {1, 2, 3})
      EXPECT_TRUE(squared_mmd(exact_draws(law, n, seed), law).passes());
    EXPECT_FALSE(squared_mmd(stretched(exact_draws(law, n, 1), 1.2), law).passes());
  }
  Mixture const even = Mixture::isotropic({0.5, 0.5}, {-3, 0, 3, 0}, {1, 1});
  Mixture const odd = Mixture::isotropic({0.6, 0.4}, {-3, 0, 3, 0}, {1, 1});
  Mixture const gaussian = Mixture::full({1}, even.mean(), even.covariance());
  EXPECT_FALSE(squared_mmd(exact_draws(odd, n, 1), even).passes());
  EXPECT_FALSE(squared_mmd(exact_draws(gaussian, n, 1), even).passes());
}

TEST(SquaredMmd, IsTheSameBitsOnAnyNumberOfThreads) {
  Mixture const law = testing::correlated_mixture(3, 6);
  auto const x = exact_draws(law, 2000, 5);
  auto on_threads = [&](std::size_t threads) {
    tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, threads);
    return squared_mmd(x, law);
  };
  EXPECT_EQ(on_threads(1).value, on_threads(2).value);
  EXPECT_EQ(on_threads(1).threshold, on_threads(2).threshold);
}

TEST(SquaredMmd, RefusesWhatItCannotJudge) {
  Mixture const law = testing::scattered_mixture(1, 2);
  EXPECT_THROW((void)squared_mmd({}, law), Error);
  EXPECT_THROW((void)squared_mmd(std::vector{1.0, 2.0}, law), Error);
  EXPECT_THROW((void)squared_mmd(std::vector{1.0, 2.0, std::nan("")}, law), Error);
  EXPECT_THROW((void)squared_mmd(std::vector{1.0, 2.0, 3.0}, law, 0), Error);
  EXPECT_THROW((void)squared_mmd(std::vector{1.0, 2.0, 3.0}, law, INFINITY), Error);
}

}  // namespace
}  // namespace retrace
