// SPDX-License-Identifier: Apache-2.0
#include "example_mixtures.hpp"

#include <retrace/targets/target.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace retrace {
namespace {

TEST(Target, OfAMixtureIsTheMixture) {
  Mixture const mixture = correlated_2d().mixture();
  Target const target = mixture;
  ASSERT_NE(target.mixture(), nullptr);
  EXPECT_EQ(target.mixture()->means().data(), mixture.means().data());  // shared, not copied
  EXPECT_EQ(target.dimension(), 2);
  EXPECT_EQ(target.mean(), mixture.mean());
  EXPECT_EQ(target.covariance(), mixture.covariance());

  NoiseLevel const s = level(0.8, 0.6);
  std::vector<double> a(2), b(2), score(2), expected_score(2), state(2), expected_state(2);
  target.draw(7, 3, a);
  mixture.draw(7, 3, b);
  EXPECT_EQ(a, b);
  target.draw(s, 7, 3, a);
  mixture.draw(s, 7, 3, b);
  EXPECT_EQ(a, b);

  DensityValues const values = target.at(s).evaluate(a, score, state);
  DensityValues const expected = mixture.at(s).evaluate(a, expected_score, expected_state);
  EXPECT_EQ(values.log_density, expected.log_density);
  EXPECT_EQ(values.divergence, expected.divergence);
  EXPECT_EQ(target.at(s).log_density(a), expected.log_density);
  EXPECT_EQ(target.at(s).divergence(a), expected.divergence);
  EXPECT_EQ(score, expected_score);
  EXPECT_EQ(state, expected_state);
}

}  // namespace
}  // namespace retrace
