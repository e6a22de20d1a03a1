// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/sde/edm.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/sde/sde.hpp>
#include <retrace/sde/ve.hpp>
#include <retrace/sde/vp.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>
#include <support/messages.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

/// Central difference of sixth order.
double slope(std::function<double(double)> const& value, double t, double h) {
  return (45 * (value(t + h) - value(t - h)) - 9 * (value(t + 2 * h) - value(t - 2 * h)) +
          (value(t + 3 * h) - value(t - 3 * h))) /
         (60 * h);
}

/// Largest relative error of f = (log alpha)', g2 = (sigma^2)' - 2 f sigma^2, alpha' and sigma' as
/// the levels have them against differences of log alpha and sigma^2: needs no formula of the
/// process.
double rate_error(Sde const& sde) {
  double worst = 0;
  auto const compare = [&](double value, double expected, double scale) {
    double const error = std::abs(value - expected) / scale;
    if (!(error <= worst)) worst = error;
  };
  for (double part : {1e-4, 1e-3, 0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 0.9, 0.95}) {
    double const t = sde.t_min() + part * (sde.t_max() - sde.t_min());
    double const h = 0.01 * std::min(t - sde.t_min(), sde.t_max() - t);
    NoiseLevel const level = sde.at(t);
    double const f = slope([&](double u) { return sde.at(u).log_alpha(); }, t, h);
    double const variance_rate =
        slope([&](double u) { return std::pow(sde.at(u).sigma(), 2); }, t, h);
    double const g2 = variance_rate - 2 * f * level.sigma() * level.sigma();
    compare(level.f(), f, std::abs(f) + 1e-3);
    compare(level.g2(), g2, std::abs(g2));
    compare(level.alpha_rate(), f * level.alpha(), std::abs(f) + 1e-3);
    compare(2 * level.sigma() * level.sigma_rate(), variance_rate, std::abs(variance_rate));
  }
  return worst;
}

constexpr double rate_tolerance = 1e-8;

TEST(Sde, DriftAndDiffusionAreTheDerivativesOfTheMarginals) {
  for (auto const& entry : testing::continuous_sdes())
    EXPECT_LT(rate_error(entry.make({entry.name, {}})), rate_tolerance) << entry.name;
}

/// A schedule by its functions, to plant faults.
struct planted {
  static constexpr SdeInfo info{.name = "planted", .summary = "", .paper = ""};
  std::function<void(LevelValues&)> fault = [](LevelValues&) {};
  static std::vector<Option<planted>> options() { return {}; }
  [[nodiscard]] LevelValues at(double t) const {
    LevelValues values = vp{}.at(t);
    fault(values);
    return values;
  }
  [[nodiscard]] double t_of_lambda(double lambda) const { return vp{}.t_of_lambda(lambda); }
  [[nodiscard]] double t_max() const { return 1; }
  [[nodiscard]] double prior_sigma() const { return 1; }
};

TEST(Sde, WrongDerivativesAreFound) {
  EXPECT_LT(rate_error(planted{}), rate_tolerance);
  EXPECT_GT(rate_error(planted{[](LevelValues& v) { v.variance_rate *= 1.001; }}), 1e-4);
  EXPECT_GT(rate_error(planted{[](LevelValues& v) { v.alpha_rate *= 0.999; }}), 1e-4);
  EXPECT_GT(rate_error(planted{[](LevelValues& v) { v.sigma_rate *= 1.001; }}), 1e-4);
}

TEST(Sde, LambdaLeadsBackToItsTimeAndFallsWithIt) {
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = entry.make({entry.name, {}});
    double last = infinity;
    for (int i = 0; i <= 400; ++i) {
      // From near the one end to near the other: t from 1e-9 to 1/2, 1 - t from 1/2 to 1e-4.
      double const part = i < 200 ? std::pow(10, -9 + i * (9 - std::log10(2)) / 200)
                                  : 1 - std::pow(10, -(i - 200) / 200.0 * (4 - std::log10(2))) / 2;
      double const t = sde.t_min() + part * (sde.t_max() - sde.t_min());
      NoiseLevel const level = sde.at(t);
      NoiseLevel const back = sde.at_lambda(level.lambda());
      // What one rounding of t does to lambda: lambda' = (log alpha)' - (log sigma)'.
      double const rounding = 2e-16 * t * std::abs(level.f() - level.sigma_rate() / level.sigma());
      EXPECT_NEAR(back.lambda(), level.lambda(), 1e-13 + 2 * rounding)
          << entry.name << " t = " << t;
      EXPECT_LT(level.lambda(), last) << entry.name << " t = " << t;
      last = level.lambda();
    }
  }
}

TEST(Sde, GivesEveryLambdaBetweenItsEnds) {
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = entry.make({entry.name, {}});
    double const a = sde.at(0.999 * sde.t_max()).lambda(), b = sde.at(1e-8 * sde.t_max()).lambda();
    for (int i = 0; i <= 1000; ++i) {
      double const lambda = std::lerp(a, b, i / 1000.0);
      EXPECT_NEAR(sde.at_lambda(lambda).lambda(), lambda, 1e-12 * (1 + std::abs(lambda)))
          << entry.name;
    }
  }
}

TEST(Sde, ContinuesBeyondItsLargestTimeByLambda) {
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = entry.make({entry.name, {}});
    NoiseLevel const top = sde.at(entry.name == "rectified-flow" ? 0.99 : sde.t_max());
    NoiseLevel const churned = sde.at_lambda(top.lambda() - 0.3);
    EXPECT_NEAR(churned.lambda(), top.lambda() - 0.3, 1e-13) << entry.name;
    EXPECT_GT(churned.t(), top.t()) << entry.name;
    EXPECT_GT(churned.g2(), 0) << entry.name;
  }
}

TEST(Sde, RefusesTimesOutsideItsRange) {
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = entry.make({entry.name, {}});
    for (double t : {nan, infinity, -infinity, std::nextafter(sde.t_min(), -1.0),
                     std::nextafter(sde.t_max(), 1e9), -1.0, 1e300}) {
      std::string const text = argument_error([&] { (void)sde.at(t); });
      EXPECT_TRUE(contains(text, entry.name) && contains(text, "[0, ")) << text;
    }
    EXPECT_NO_THROW((void)sde.at(sde.t_min()));
    EXPECT_NO_THROW((void)sde.at(sde.t_max()));
  }
}

TEST(Sde, RefusesLambdasThatNoLevelHas) {
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = entry.make({entry.name, {}});
    for (double lambda : {nan, infinity, -infinity, 1e300, -1e300})
      EXPECT_TRUE(contains(argument_error([&] { (void)sde.at_lambda(lambda); }), "lambda"))
          << entry.name << " " << lambda;
  }
  EXPECT_TRUE(contains(argument_error([] { (void)make_sde("cosine").at_lambda(-40); }), "-40"));
  EXPECT_TRUE(
      contains(argument_error([] { (void)make_sde("rectified-flow").at_lambda(-40); }), "-40"));
}

TEST(Sde, KnowsPriorAndDefaultEnds) {
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = entry.make({entry.name, {}});
    EXPECT_EQ(sde.t_min(), 0) << entry.name;
    // The prior is what is left of the data at the largest t.
    EXPECT_NEAR(sde.prior_sigma(), sde.at(sde.t_max()).sigma(), 1e-4 * sde.prior_sigma())
        << entry.name;
    if (entry.name == "edm") continue;
    EXPECT_EQ(sde.default_end(Solver::stochastic), 1e-3) << entry.name;
    EXPECT_EQ(sde.default_end(Solver::deterministic), 1e-5) << entry.name;
  }
  for (double sigma_min : {2e-3, 1e-6, 0.5}) {
    Sde const sde = edm{.sigma_min = sigma_min};
    EXPECT_EQ(sde.default_end(Solver::stochastic), sigma_min);
    EXPECT_EQ(sde.default_end(Solver::deterministic), sigma_min);
  }
}

TEST(Sde, HasTheLargestTimesOfTheTable) {
  for (auto const& [spec, t_max, prior] : {std::tuple{"vp", 1.0, 1.0},
                                           {"sub-vp", 1.0, 1.0},
                                           {"ve:sigma_max=7", 1.0, 7.0},
                                           {"edm", 80.0, 80.0},
                                           {"edm:sigma_max=9", 9.0, 9.0},
                                           {"cosine", 0.9946, 1.0},
                                           {"rectified-flow", 1.0, 1.0}}) {
    Sde const sde = make_sde(spec);
    EXPECT_EQ(sde.t_max(), t_max) << spec;
    EXPECT_EQ(sde.prior_sigma(), prior) << spec;
  }
}

/// R17: refused with t, whatever is broken.
TEST(Sde, RefusesASchedulesNanAndNegativeDiffusionWithTheTime) {
  double const at = 0.375;
  auto const break_there = [&](auto fault) {
    return Sde(planted{[=](LevelValues& v) {
      if (v.t == at) fault(v);
    }});
  };
  std::vector<Sde> const broken{
      break_there([](LevelValues& v) { v.log_alpha = nan; }),
      break_there([](LevelValues& v) { v.log_alpha = infinity; }),
      break_there([](LevelValues& v) { v.log_sigma = nan; }),
      break_there([](LevelValues& v) { v.log_sigma = infinity; }),
      break_there([](LevelValues& v) { v.alpha_rate = nan; }),
      break_there([](LevelValues& v) { v.sigma_rate = infinity; }),
      break_there([](LevelValues& v) { v.variance_rate = nan; }),
      break_there([](LevelValues& v) { v.variance_rate = -1e3; }),
  };
  for (Sde const& sde : broken) {
    EXPECT_NO_THROW((void)sde.at(0.25));
    EXPECT_TRUE(contains(argument_error([&] { (void)sde.at(at); }), "t = 0.375"));
  }
  Sde const discrete =
      break_there([](LevelValues& v) { v.alpha_rate = v.sigma_rate = v.variance_rate = nan; });
  EXPECT_FALSE(discrete.at(at).has_drift());
}

TEST(Sde, ChecksOptionsThatWereSetInTheProgram) {
  for (auto const& make : std::vector<std::function<Sde()>>{
           [] { return Sde(vp{.beta_min = -1}); }, [] { return Sde(vp{.beta_max = nan}); },
           [] { return Sde(vp{.beta_min = 3, .beta_max = 2}); },
           [] { return Sde(ve{.sigma_min = 0}); }, [] { return Sde(ve{.sigma_max = infinity}); },
           [] { return Sde(edm{.sigma_min = 80}); }})
    EXPECT_FALSE(argument_error([&] { (void)make(); }).empty());
}

}  // namespace
}  // namespace retrace
