// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/likelihood/error_budget.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace retrace {
namespace {

// Two-sided quantiles as tables print them.
TEST(StudentQuantile, IsThePublishedOne) {
  EXPECT_NEAR(student_quantile(0.95, 1), 12.7062047364, 1e-9);
  EXPECT_NEAR(student_quantile(0.95, 10), 2.2281388520, 1e-9);
  EXPECT_NEAR(student_quantile(0.99, 30), 2.7499956536, 1e-9);
  EXPECT_NEAR(student_quantile(0.5, 4), 0.7406970841, 1e-9);
  // Freedom 2 has the closed form t = c sqrt(2 / (1 - c^2)).
  for (double const c : {0.1, 0.9, 0.999999})
    EXPECT_NEAR(student_quantile(c, 2) / (c * std::sqrt(2 / (1 - c * c))), 1, 1e-9);
  EXPECT_NEAR(student_quantile(0.95, 1'000'000), 1.959966, 1e-5);  // the normal law
}

TEST(ErrorBudget, WidensTheSpreadOfTheProbesOnly) {
  ErrorBudget budget{.ode = {1}, .trace = {0.5}, .prior = {2}, .truncation = {4}, .probes = {11}};
  EXPECT_DOUBLE_EQ(budget.total(0), 7.5);
  EXPECT_NEAR(budget.half_width(0, 0.95), 7 + 2.5705818356 * 0.5, 1e-9);  // freedom 10 / 2
  budget.probe_count = ProbeCount::until_narrow;
  EXPECT_NEAR(budget.half_width(0, 0.9), 7 + 2.5705818356 * 0.5, 1e-9);
  budget.probes = {0};
  budget.trace = {0};
  EXPECT_DOUBLE_EQ(budget.half_width(0, 0.95), 7);
  budget.probes = {1};
  EXPECT_EQ(budget.half_width(0, 0.95), std::numeric_limits<double>::infinity());
}

TEST(ErrorBudget, RefusesWhatIsNoConfidence) {
  ErrorBudget const budget{
      .ode = {1}, .trace = {0}, .prior = {0}, .truncation = {0}, .probes = {9}};
  for (double const c : {0.0, 1.0, -1.0, std::nan("")})
    EXPECT_THROW(static_cast<void>(budget.half_width(0, c)), Error) << c;
}

}  // namespace
}  // namespace retrace
