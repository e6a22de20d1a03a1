// SPDX-License-Identifier: Apache-2.0
#include "exact_draws.hpp"

#include <retrace/core/error.hpp>
#include <retrace/metrics/directions.hpp>
#include <retrace/metrics/kolmogorov_smirnov.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace retrace {
namespace {

using testing::exact_draws;
using testing::stretched;

/// By its definition: F summed over the components, at every point.
double brute(std::vector<double> const& x, Mixture const& law, int count) {
  auto const d = static_cast<std::size_t>(law.dimension());
  std::vector<double> const all = directions(law.dimension(), count);
  double out = 0;
  for (auto u = all.begin(); u != all.end(); u += law.dimension()) {
    std::vector<double> y;
    for (auto row = x.begin(); row != x.end(); row += law.dimension())
      y.push_back(std::inner_product(row, row + law.dimension(), u, 0.0));
    std::sort(y.begin(), y.end());
    for (std::size_t i = 0; i < y.size(); ++i) {
      double probability = 0;
      for (int k = 0; k < law.components(); ++k) {
        std::vector<double> const c = law.component_covariance(k);
        double mean = 0, variance = 0;
        for (std::size_t a = 0; a < d; ++a) {
          mean +=
              u[static_cast<std::ptrdiff_t>(a)] * law.means()[static_cast<std::size_t>(k) * d + a];
          for (std::size_t b = 0; b < d; ++b)
            variance += u[static_cast<std::ptrdiff_t>(a)] * c[a * d + b] *
                        u[static_cast<std::ptrdiff_t>(b)];
        }
        probability += law.weights()[static_cast<std::size_t>(k)] / 2 *
                       (1 + std::erf((y[i] - mean) / std::sqrt(2 * variance)));
      }
      auto const n = static_cast<double>(y.size()), rank = static_cast<double>(i);
      out = std::max({out, probability - rank / n, (rank + 1) / n - probability});
    }
  }
  return out;
}

TEST(KolmogorovSmirnov, IsTheLargestDistanceOverAllPoints) {
  for (int d : {1, 2, 5})
    for (std::size_t n : {1, 2, 3, 500}) {
      Mixture const law = testing::correlated_mixture(d, 6);
      auto const x = stretched(exact_draws(law, n, 3), 1.1);
      EXPECT_NEAR(projected_kolmogorov_smirnov(x, law, 7).value, brute(x, law, 7), 1e-13);
    }
}

TEST(KolmogorovSmirnov, HasMassartsThreshold) {
  Mixture const law = testing::scattered_mixture(2, 2);
  auto const x = exact_draws(law, 1000, 1);
  // 0.00966 at 64 directions and 1e5 samples; the square root of 100 times that here.
  EXPECT_NEAR(projected_kolmogorov_smirnov(x, law, 64).threshold, 0.0966, 5e-5);
  EXPECT_EQ(projected_kolmogorov_smirnov(x, law, 64).expected, 0);
}

// Level 1e-6. The controls: 6 % of the scale, a Gaussian of the same mean and covariance, and
// weights of two modes wrong by 0.05.
TEST(KolmogorovSmirnov, AcceptsExactDrawsAndSeesFaults) {
  std::size_t const n = 20'000;
  for (int d : {1, 2, 10}) {
    Mixture const law = testing::correlated_mixture(d, 5);
    for (std::uint64_t seed : {1, 2, 3})
      EXPECT_TRUE(projected_kolmogorov_smirnov(exact_draws(law, n, seed), law).passes());
    auto const wide = stretched(exact_draws(law, n, 1), 1.06);
    EXPECT_FALSE(projected_kolmogorov_smirnov(wide, law).passes());
    Mixture const gaussian = Mixture::full({1}, law.mean(), law.covariance());
    EXPECT_FALSE(projected_kolmogorov_smirnov(exact_draws(gaussian, n, 1), law).passes());
  }
  Mixture const even = Mixture::isotropic({0.5, 0.5}, {-3, 0, 3, 0}, {1, 1});
  Mixture const odd = Mixture::isotropic({0.55, 0.45}, {-3, 0, 3, 0}, {1, 1});
  EXPECT_FALSE(projected_kolmogorov_smirnov(exact_draws(odd, n, 1), even).passes());
}

TEST(KolmogorovSmirnov, IsTheSameBitsOnAnyNumberOfThreads) {
  Mixture const law = testing::correlated_mixture(3, 6);
  auto const x = exact_draws(law, 2000, 5);
  auto on_threads = [&](std::size_t threads) {
    tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, threads);
    return projected_kolmogorov_smirnov(x, law).value;
  };
  EXPECT_EQ(on_threads(1), on_threads(2));
}

TEST(KolmogorovSmirnov, RefusesSamplesThatAreNone) {
  Mixture const law = testing::scattered_mixture(2, 2);
  double const nan = std::nan("");
  EXPECT_THROW((void)projected_kolmogorov_smirnov({}, law), Error);
  EXPECT_THROW((void)projected_kolmogorov_smirnov(std::vector{1.0, 2.0, 3.0}, law), Error);
  EXPECT_THROW((void)projected_kolmogorov_smirnov(std::vector{1.0, nan}, law), Error);
  EXPECT_THROW((void)projected_kolmogorov_smirnov(std::vector{1.0, 2.0}, law, 0), Error);
}

}  // namespace
}  // namespace retrace
