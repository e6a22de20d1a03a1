// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/targets/funnel.hpp>
#include <retrace/targets/registry.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace retrace {
namespace {

double log_normal(double x, double variance) {
  return -x * x / (2 * variance) - std::log(2 * std::numbers::pi * variance) / 2;
}

/// The funnel itself: v ~ N(0, 1.5^2), x_i | v ~ N(0, exp(v)).
double log_funnel(std::vector<double> const& x) {
  double sum = log_normal(x[0], 1.5 * 1.5);
  for (std::size_t i = 1; i < x.size(); ++i) sum += log_normal(x[i], std::exp(x[0]));
  return sum;
}

/// Density of the first coordinate, from every `stride`-th component.
double marginal(Mixture const& m, double v, std::size_t stride) {
  auto const d = static_cast<std::size_t>(m.dimension());
  double sum = 0;
  for (std::size_t k = 0; k < m.weights().size(); k += stride)
    sum +=
        static_cast<double>(stride) * m.weights()[k] *
        std::exp(log_normal(v - m.means()[k * d], m.component_covariance(static_cast<int>(k))[0]));
  return sum;
}

double worst_marginal(Mixture const& m, std::size_t stride) {
  double worst = 0;
  for (double v = -4.5; v <= 4.5; v += 0.01)
    worst = std::fmax(worst, std::abs(marginal(m, v, stride) / std::exp(log_normal(v, 2.25)) - 1));
  return worst;
}

TEST(Funnel, HasTheNormalMarginalOfNealsWithoutRipple) {
  for (std::int64_t const d : {2, 5}) {
    EXPECT_LT(worst_marginal(funnel{.dimension = d}(), 1), 1e-3) << d;
    EXPECT_GT(worst_marginal(funnel{.dimension = d}(), 2), 0.05) << d;  // the check sees ripple
  }
}

TEST(Funnel, HasTheDensityOfNeals) {
  MixtureAtLevel const p = funnel{}().at(NoiseLevel::clean(0));
  for (double const v : {-4.0, -2.0, 0.0, 1.0, 3.0, 4.0})
    for (double const spreads : {-2.0, -1.0, 0.0, 0.5, 1.5}) {
      std::vector<double> const x{v, spreads * std::exp(v / 2)};
      EXPECT_NEAR(p.log_density(x), log_funnel(x), 0.05) << v << " " << spreads;
    }
}

TEST(Funnel, IsTheMixtureThatItsCommentStates) {
  Mixture const m = funnel{.dimension = 3}();
  ASSERT_EQ(m.components(), 64);
  EXPECT_EQ(m.shape(), CovarianceShape::full);
  EXPECT_NEAR(m.means()[0], -5.04, 1e-14);
  EXPECT_NEAR(m.means()[std::size_t{63} * 3], 5.04, 1e-14);
  EXPECT_NEAR(m.weights()[40] / m.weights()[32],
              std::exp((0.08 * 0.08 - 1.36 * 1.36) / (2 * (2.25 - 0.0144))), 1e-14);
  std::vector<double> const c = m.component_covariance(0);
  double const x = std::exp(-5.04);
  std::vector<double> const wanted{0.0144, 0, 0, 0, x, 0, 0, 0, x};
  for (std::size_t i = 0; i < 9; ++i) EXPECT_NEAR(c[i], wanted[i], 1e-15);
  std::vector<double> const whole = m.covariance();
  EXPECT_NEAR(std::sqrt(whole[0]), 1.49, 0.005);
  EXPECT_NEAR(std::sqrt(whole[4]), 1.73, 0.005);
  EXPECT_NEAR(std::sqrt(whole[8]), 1.73, 0.005);
}

TEST(Funnel, TakesFrom2To64Dimensions) {
  EXPECT_EQ(make_target("funnel").dimension(), 2);
  EXPECT_EQ(make_target("funnel:dimension=64").dimension(), 64);
  EXPECT_THROW((void)make_target("funnel:dimension=1"), Error);
  EXPECT_THROW((void)make_target("funnel:dimension=65"), Error);
}

}  // namespace
}  // namespace retrace
