// SPDX-License-Identifier: Apache-2.0
#include "gaussian_data.hpp"

#include <retrace/likelihood/encode.hpp>
#include <retrace/likelihood/exact_divergence.hpp>
#include <retrace/likelihood/hutch_pp.hpp>
#include <retrace/likelihood/hutchinson.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>
#include <support/mixtures.hpp>
#include <targets/example_mixtures.hpp>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::draws;
using testing::integrated_jacobian;
using testing::random_numbers;

constexpr Tolerance tight{1e-10, 1e-10};

TEST(HutchPP, IsExactWhereTheSketchFillsTheSpace) {
  Target const target = testing::correlated_mixture(4, 3);
  Sde const sde = make_sde("ve");
  auto const x = draws(target, sde, 3);
  auto const changes = [&](DivergenceEstimator const& estimator) {
    return encode(host_model(target), sde, odeint_stepper("tsit5"), {}, x, estimator,
                  {.tolerance = tight})
        .change;
  };
  auto const exact = changes(divergences::exact{}),
             full = changes(divergences::hutch_pp{.probes = Probes::drawn(2), .sketch = 4}),
             part = changes(divergences::hutch_pp{.probes = Probes::drawn(2), .sketch = 1});
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_NEAR(full(row, k), exact(row, 0), 1e-8);
      EXPECT_GT(std::abs(part(row, k) - exact(row, 0)), 1e-6);  // the control
    }
}

/// A sketch of signs has two equal vectors for some of these points, and a Q of rounding errors
/// then.
TEST(HutchPP, TakesHardlyMoreEvaluationsInLowDimensionThanTheExactDivergence) {
  Target const target = testing::correlated_mixture(3, 4);
  Sde const sde = make_sde("vp");
  constexpr int n = 16;
  auto const evaluations = [&](DivergenceEstimator const& estimator) {
    return encode(host_model(target), sde, odeint_stepper("dopri5"), {}, draws(target, sde, n),
                  estimator)
        .evaluations;
  };
  auto const exact = evaluations(divergences::exact{}),
             sketched = evaluations(divergences::hutch_pp{.probes = Probes::drawn(2), .sketch = 2});
  for (std::size_t row = 0; row < n; ++row) EXPECT_LT(sketched[row], 10 * exact[row]);
}

/// Data near a plane of 3 dimensions in 24: the sketch finds what the probes would have to
/// estimate.
TEST(HutchPP, IsUnbiasedAndVariesLessThanHutchinsonWhereTheJacobianIsOfLowRank) {
  constexpr std::size_t d = 24;
  MixtureNumbers data{"plane", {1}, std::vector<double>(d), std::vector<double>(d * d)};
  for (std::size_t i = 0; i < d; ++i) data.covariances[i * d + i] = 0.99;
  for (unsigned r = 0; r < 3; ++r) {
    std::vector<double> const v = random_numbers(d, 30 + r);
    for (std::size_t i = 0; i < d; ++i)
      for (std::size_t j = 0; j < d; ++j) data.covariances[i * d + j] += v[i] * v[j];
  }
  Target const target = data.mixture();
  Sde const sde = make_sde("vp");
  constexpr int n = 20, probes = 12;
  auto const x = draws(target, sde, n);
  double const trace = integrated_jacobian(data, sde).trace();
  auto const statistics = [&](DivergenceEstimator const& estimator) {
    auto const run =
        encode(host_model(target), sde, odeint_stepper("dopri5"), {1e-5, 1}, x, estimator);
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < run.change.size(); ++i) {
      mean += (run.change.data()[i] - trace) / (n * probes);
      square += std::pow(run.change.data()[i] - trace, 2) / (n * probes);
    }
    return std::pair(mean, square);
  };
  auto const [mean, square] =
      statistics(divergences::hutch_pp{.probes = Probes::drawn(probes), .sketch = 6});
  auto const [other_mean, other_square] =
      statistics(divergences::hutchinson{Probes::drawn(probes)});
  EXPECT_LT(std::abs(mean), 4.892 * std::sqrt(square / n) + 1e-5);  // rows of a point share Q
  EXPECT_LT(square, other_square / 20);
}

}  // namespace
}  // namespace retrace
