// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/noise_level.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace retrace {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// alpha = exp(-t), sigma = t^2.
NoiseLevel level(double t) {
  return NoiseLevel({.t = t,
                     .log_alpha = -t,
                     .log_sigma = 2 * std::log(t),
                     .alpha_rate = -std::exp(-t),
                     .sigma_rate = 2 * t,
                     .variance_rate = 4 * t * t * t});
}

template <class Call>
std::string argument_error(Call const& call) {
  try {
    (void)call();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::argument);
    return error.what();
  }
  return {};
}

TEST(NoiseLevel, DerivesWhatSamplersAskFor) {
  NoiseLevel const s = level(0.5);
  EXPECT_EQ(s.t(), 0.5);
  EXPECT_DOUBLE_EQ(s.alpha(), std::exp(-0.5));
  EXPECT_DOUBLE_EQ(s.sigma(), 0.25);
  EXPECT_DOUBLE_EQ(s.lambda(), -0.5 + std::log(4));
  EXPECT_DOUBLE_EQ(s.rho(), 0.25 * std::exp(0.5));
  EXPECT_DOUBLE_EQ(s.f(), -1);
  EXPECT_DOUBLE_EQ(s.g2(), 4 * 0.125 + 2 * 0.0625);
  EXPECT_EQ(s.sigma_rate(), 1);
  EXPECT_TRUE(s.has_lambda() && s.has_drift());
  EXPECT_FALSE(s.is_clean());
}

TEST(NoiseLevel, KeepsLambdaWhereAlphaSquaredUnderflows) {
  NoiseLevel const s({.t = 1, .log_alpha = -500, .log_sigma = 200});
  EXPECT_EQ(s.lambda(), -700);
  EXPECT_TRUE(std::isfinite(s.rho()));
}

TEST(NoiseLevel, CleanEndIsTheDataThemselves) {
  NoiseLevel const end = NoiseLevel::clean(-1);
  EXPECT_EQ(end.t(), -1);
  EXPECT_EQ(end.alpha(), 1);
  EXPECT_EQ(end.sigma(), 0);
  EXPECT_EQ(end.rho(), 0);
  EXPECT_TRUE(end.is_clean());
  EXPECT_FALSE(end.has_lambda() || end.has_drift());
  for (auto ask : {&NoiseLevel::lambda, &NoiseLevel::f, &NoiseLevel::g2})
    EXPECT_NE(argument_error([&] { return (end.*ask)(); }).find("t = -1"), std::string::npos);
}

TEST(NoiseLevel, RefusesWhatDoesNotExistAtAlphaZeroAndSuggestsFrom) {
  NoiseLevel const s({.t = 1,
                      .log_alpha = -infinity,
                      .log_sigma = 0,
                      .alpha_rate = -1,
                      .sigma_rate = 1,
                      .variance_rate = 2});
  EXPECT_FALSE(s.has_lambda() || s.has_drift());
  EXPECT_EQ(s.alpha_rate(), -1);
  for (auto ask : {&NoiseLevel::lambda, &NoiseLevel::rho, &NoiseLevel::f, &NoiseLevel::g2}) {
    std::string const text = argument_error([&] { return (s.*ask)(); });
    EXPECT_NE(text.find("t = 1"), std::string::npos) << text;
    EXPECT_NE(text.find("--from"), std::string::npos) << text;
  }
}

TEST(NoiseLevel, OfADiscreteProcessHasNoDrift) {
  NoiseLevel const s({.t = 7,
                      .log_alpha = -0.5,
                      .log_sigma = -0.2,
                      .alpha_rate = nan,
                      .sigma_rate = nan,
                      .variance_rate = nan});
  EXPECT_TRUE(s.has_lambda());
  EXPECT_FALSE(s.has_drift());
  EXPECT_NEAR(s.lambda(), -0.3, 1e-16);
  EXPECT_NE(argument_error([&] { return s.f(); }).find("t = 7"), std::string::npos);
  EXPECT_FALSE(argument_error([&] { return s.g2(); }).empty());
}

}  // namespace
}  // namespace retrace
