// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/sde/grid.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/sde/vp.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

std::string error_of(std::vector<double> const& times, Final final = Final::eps) {
  return argument_error([&] { (void)Grid(vp{}, times, final); });
}

TEST(Grid, StepsFromLevelToLevel) {
  std::vector<double> const times{1, 0.7, 0.25, 1e-3};
  Grid const grid(vp{}, times);
  EXPECT_EQ(grid.count(), 3);
  EXPECT_EQ(grid.noisy_levels(), 4);
  EXPECT_FALSE(grid.ends_clean());
  EXPECT_TRUE(grid.runs_backwards());
  std::int64_t steps = 0;
  for (auto const& [s, t, i] : grid.steps()) {
    EXPECT_EQ(i, steps);
    EXPECT_EQ(s.t(), times[static_cast<std::size_t>(i)]);
    EXPECT_EQ(t.t(), times[static_cast<std::size_t>(i) + 1]);
    EXPECT_EQ(t.sigma(), Sde(vp{}).at(t.t()).sigma());
    ++steps;
  }
  EXPECT_EQ(steps, 3);
}

TEST(Grid, CountsTheStepToTheCleanEndWithoutShowingItToSamplers) {
  Grid const grid(vp{}, {1, 0.5, 0.1}, Final::zero);
  EXPECT_EQ(grid.count(), 3);
  EXPECT_EQ(grid.noisy_levels(), 3);
  EXPECT_TRUE(grid.ends_clean());
  std::int64_t steps = 0;
  for (auto const& step : grid.steps()) {
    EXPECT_GT(step.t.sigma(), 0);
    ++steps;
  }
  EXPECT_EQ(steps, 2);
  NoiseLevel const end = grid.level(3);
  EXPECT_TRUE(end.is_clean());
  EXPECT_EQ(end.t(), 0);
  EXPECT_EQ(end.alpha(), 1);
  EXPECT_EQ(grid.time(3), 0);
}

TEST(Grid, TakesALastTimeWithoutNoiseForTheCleanEnd) {
  Grid const grid(vp{}, {1, 0.5, 0});
  EXPECT_TRUE(grid.ends_clean());
  EXPECT_EQ(grid.count(), 2);
  EXPECT_EQ(grid.noisy_levels(), 2);
  EXPECT_TRUE(grid.level(2).is_clean());
  EXPECT_FALSE(grid.level(2).has_drift());
  // t = 0 of ve carries sigma_min.
  Grid const ve(make_sde("ve"), {1, 0.5, 0});
  EXPECT_FALSE(ve.ends_clean());
  EXPECT_EQ(Grid(make_sde("ve"), {1, 0.5, 0}, Final::zero).count(), 3);
}

TEST(Grid, MayHaveOneLevelAndTheCleanEnd) {
  Grid const grid(vp{}, {0.5}, Final::zero);
  EXPECT_EQ(grid.count(), 1);
  EXPECT_EQ(grid.level(0).t(), 0.5);
  EXPECT_TRUE(grid.level(1).is_clean());
  EXPECT_EQ(grid.steps().begin(), grid.steps().end());
  Grid const by_time(vp{}, {0.5, 0});
  EXPECT_EQ(by_time.count(), 1);
  EXPECT_TRUE(by_time.ends_clean());
}

TEST(Grid, RunsForwards) {
  Grid const grid(vp{}, {1e-3, 0.5, 1});
  EXPECT_FALSE(grid.runs_backwards());
  EXPECT_EQ(grid.count(), 2);
  Grid const back = grid.reversed();
  EXPECT_TRUE(back.runs_backwards());
  for (std::int64_t k = 0; k <= 2; ++k) EXPECT_EQ(back.time(k), grid.time(2 - k));
  Grid const again = back.reversed();
  EXPECT_FALSE(again.runs_backwards());
  for (std::int64_t k = 0; k <= 2; ++k) EXPECT_EQ(again.time(k), grid.time(k));
}

TEST(Grid, CannotRunForwardsFromOrToTheCleanEnd) {
  EXPECT_TRUE(contains(error_of({0, 0.5, 1}), "sigma = 0"));
  EXPECT_TRUE(contains(error_of({0.1, 0.5, 1}, Final::zero), "final=eps"));
  EXPECT_TRUE(contains(error_of({1, 0.5, 0}, Final::zero), "sigma = 0"));
  EXPECT_TRUE(contains(error_of({0}, Final::zero), "sigma = 0"));
  Grid const clean(vp{}, {1, 0.5}, Final::zero);
  EXPECT_TRUE(contains(argument_error([&] { (void)clean.reversed(); }), "sigma = 0"));
}

TEST(Grid, NamesTheIndexOfABadTime) {
  EXPECT_TRUE(contains(error_of({1, 0.5, 0.5, 0.1}), "level 2 "));
  EXPECT_TRUE(contains(error_of({1, 0.5, 0.6, 0.1}), "level 2 "));
  EXPECT_TRUE(contains(error_of({0.1, 0.5, 0.4, 1}), "level 2 "));
  EXPECT_TRUE(contains(error_of({0.1, 0.1}), "level 1 "));
  EXPECT_TRUE(contains(error_of({1, 0.5, nan, 0.1}), "level 2 of the grid at t = nan"));
  EXPECT_TRUE(contains(error_of({1.5, 0.5}), "level 0 of the grid at t = 1.5"));
  EXPECT_TRUE(contains(error_of({1.5, 0.5}), "vp takes t in [0, 1]"));
  EXPECT_TRUE(contains(error_of({1, 0.5, -1e-9}), "level 2 of the grid at t = -1e-09"));
  EXPECT_TRUE(contains(error_of({1, 0.5, -infinity}), "level 2 "));
}

TEST(Grid, RefusesNoStepAtAll) {
  EXPECT_FALSE(error_of({}).empty());
  EXPECT_FALSE(error_of({}, Final::zero).empty());
  EXPECT_TRUE(contains(error_of({0.5}), "steps"));
  EXPECT_TRUE(contains(error_of({0}), "steps"));
}

TEST(Grid, RefusesMoreStepsThanTheNoiseHasCountersForBeforeAskingForTimes) {
  for (std::int64_t levels :
       {std::int64_t{-1}, std::int64_t{0}, Grid::max_steps + 2, std::int64_t{1} << 32,
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()})
    for (Final final : {Final::eps, Final::zero}) {
      bool asked = false;
      auto const time = [&](std::int64_t) {
        asked = true;
        return 0.5;
      };
      EXPECT_FALSE(argument_error([&] { (void)Grid(vp{}, levels, time, final); }).empty());
      EXPECT_FALSE(asked) << levels;
    }
}

TEST(Grid, GoesBetweenLevelsInLambda) {
  Grid const grid(vp{}, {0.8, 0.3});
  NoiseLevel const s = grid.level(0), t = grid.level(1);
  for (double r : {0.1, 1.0 / 3, 0.5, 0.9})
    EXPECT_NEAR(grid.between(s, t, r).lambda(), s.lambda() + r * (t.lambda() - s.lambda()), 1e-13);
  EXPECT_EQ(grid.between(s, t, 0).t(), 0.8);
  EXPECT_EQ(grid.between(s, t, 1).t(), 0.3);
}

TEST(Grid, KeepsItsRuleAndNotItsTimes) {
  std::int64_t asked = 0;
  Grid const grid(
      vp{}, 1'000'001, [&](std::int64_t k) { return ++asked, 1 - 9e-7 * static_cast<double>(k); },
      Final::eps);
  EXPECT_LT(asked, 1'000'100);  // each once for the check
  asked = 0;
  EXPECT_EQ(grid.time(500'000), 1 - 9e-7 * 500'000);
  EXPECT_EQ(asked, 1);
}

/// R13: ten thousand random grids; whether one is good is decided here by counting.
TEST(Grid, AcceptsExactlyTheMonotoneOnes) {
  std::mt19937_64 random(20240613);
  std::uniform_real_distribution<double> uniform(0, 1);
  int good = 0, bad = 0;
  for (int round = 0; round < 10'000; ++round) {
    std::vector<double> times(random() % 9);
    for (double& t : times) t = 0.001 + 0.999 * uniform(random);
    if (random() % 4 != 0) std::sort(times.begin(), times.end());
    if (random() % 2 == 0) std::reverse(times.begin(), times.end());
    if (!times.empty() && random() % 2 == 0) {
      double const odd[] = {nan, infinity, -infinity, -0.1, 1.1, times[random() % times.size()]};
      times[random() % times.size()] = odd[random() % 6];
    }
    std::size_t rising = 0, falling = 0, outside = 0;
    for (std::size_t k = 0; k < times.size(); ++k) {
      if (!(times[k] >= 0 && times[k] <= 1)) ++outside;
      if (k > 0 && times[k] > times[k - 1]) ++rising;
      if (k > 0 && times[k] < times[k - 1]) ++falling;
    }
    bool const monotone = times.size() > 1 && outside == 0 &&
                          (rising == times.size() - 1 || falling == times.size() - 1);
    std::string const error = error_of(times);
    EXPECT_EQ(error.empty(), monotone) << error << " in round " << round;
    EXPECT_EQ(contains(error, "level "), times.size() > 1 && !monotone) << error;
    ++(monotone ? good : bad);
  }
  EXPECT_GT(good, 2000);
  EXPECT_GT(bad, 2000);
}

}  // namespace
}  // namespace retrace
