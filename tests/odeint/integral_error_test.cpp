// SPDX-License-Identifier: Apache-2.0
#include <retrace/odeint/steppers.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <span>

namespace retrace {
namespace {

/// Integrates exp(10 t) at a tolerance, the first step being the whole way.
Integrated integrate_exponential(OdeStepper const& stepper, OdeState& y) {
  RightHandSide const exponential = [](double t, std::span<double const>, std::span<double> slope) {
    slope[0] = std::exp(10 * t);
  };
  auto const method = stepper.make({1e-8, 1e-8});
  return integrate(*method, exponential, y, -1, 1, {.tolerance = {1e-8, 1e-8}, .first_step = 2.0});
}

TEST(OdeStepper, SaysWhetherItSeesTheErrorOfIntegrals) {
  double const exact = std::sinh(10.0) / 5;
  int unseen = 0;
  for (OdeStepper const& stepper : odeint_steppers()) {
    OdeState y{0};
    Integrated const run = integrate_exponential(stepper, y);
    if (stepper.integral_error == IntegralError::seen) {
      EXPECT_NEAR(y[0], exact, 1e-3) << stepper.name;
      EXPECT_GT(run.rejections, 0) << stepper.name;
    } else {
      ++unseen;
      EXPECT_GT(std::abs(y[0] - exact), 1e-3) << stepper.name;
      EXPECT_EQ(run.rejections, 0) << stepper.name;
    }
  }
  EXPECT_EQ(unseen, 1);
}

}  // namespace
}  // namespace retrace
