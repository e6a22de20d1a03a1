// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/truncation.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>
#include <support/mixtures.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace retrace {
namespace {

// What is left is of second order in the variance of the noise and in 1 - alpha.
TEST(Truncation, IsExactToFirstOrder) {
  Mixture const mixture = testing::correlated_mixture(3, 4);
  NoiseLevel const clean = NoiseLevel::clean(0);
  for (auto const& entry : testing::continuous_sdes()) {
    SCOPED_TRACE(entry.name);
    Sde const sde = make_sde(entry.name);
    for (std::vector<double> const& x :
         {std::vector{0.3, -0.2, 1.1}, std::vector{2.0, 1.0, -1.5}}) {
      std::vector<double> left, whole, small;
      for (double const rho : {1e-2, 1e-3}) {
        NoiseLevel const level = sde.at_lambda(-std::log(rho));
        std::vector<double> score(3);
        auto const [log_density, divergence] = mixture.at(level).evaluate(x, score, {});
        double const exact = mixture.at(clean).log_density(x) - log_density;
        whole.push_back(std::abs(exact));
        small.push_back(std::max(rho * rho, 1 - level.alpha()));
        left.push_back(std::abs(truncation_to_first_order(level, x, score, divergence) - exact));
      }
      EXPECT_LE(left[0], 0.1 * whole[0]);
      double const fall = small[1] / small[0];
      EXPECT_LE(left[1], std::max(3 * fall * fall * left[0], 1e-11));
    }
  }
}

}  // namespace
}  // namespace retrace
