// SPDX-License-Identifier: Apache-2.0

// The grids of indices against their rules in the contract's words, rounded in fifty digits, and by
// hand.
#include "reference.hpp"

#include <retrace/core/error.hpp>
#include <retrace/sde/ddpm.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>
#include <support/messages.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace retrace {
namespace {

using test::Real;
using testing::argument_error;
using testing::contains;

using Indices = std::vector<std::int64_t>;

std::int64_t rounded(Real const& x) {
  Real const down = floor(x);
  auto const whole = static_cast<std::int64_t>(down);
  if (x - down == Real("0.5")) return whole % 2 == 0 ? whole : whole + 1;
  return x - down > Real("0.5") ? whole + 1 : whole;
}

Indices by_rule(std::string const& rule, std::int64_t m, std::int64_t n) {
  Indices out;
  for (std::int64_t k = 0; k < n; ++k) {
    if (rule == "leading") out.push_back((n - 1 - k) * (m / n));
    if (rule == "trailing") out.push_back(rounded(m - Real(k) * m / n) - 1);
    if (rule == "linspace") out.push_back(rounded(Real(m - 1) * (n - k) / n));
    if (rule == "respaced")
      out.push_back(n == 1 ? 0 : rounded(Real(n - 1 - k) * (m - 1) / (n - 1)));
  }
  return out;
}

Sde chain_of(std::int64_t m) { return ddpm{.schedule = BetaSchedule::sigmoid, .steps = m}; }

Indices indices_of(Grid const& grid) {
  Indices out;
  for (std::int64_t k = 0; k < grid.noisy_levels(); ++k) {
    out.push_back(static_cast<std::int64_t>(grid.time(k)));
    EXPECT_EQ(grid.level(k).t(), grid.time(k));
  }
  return out;
}

Indices indices(std::string const& rule, std::int64_t m, std::int64_t n) {
  return indices_of(make_grid(rule, chain_of(m), n));
}

std::vector<std::string> rules() {
  std::vector<std::string> names;
  for (auto const& entry : grid_rules())
    if (entry.time == Time::indices) names.push_back(entry.name);
  return names;
}

TEST(IndexGrids, FollowTheirRules) {
  ASSERT_EQ(rules().size(), 4U);
  for (std::string const& rule : rules())
    for (std::int64_t m : {2, 3, 10, 50, 999, 1000, 4000})
      for (std::int64_t n :
           {1, 2, 3, 4, 7, 10, 15, 20, 49, 50, 64, 100, 333, 500, 777, 999, 1000}) {
        if (n > (rule == "linspace" ? m - 1 : m)) continue;
        Grid const grid = make_grid(rule, chain_of(m), n);
        EXPECT_EQ(indices_of(grid), by_rule(rule, m, n)) << rule << ' ' << m << ' ' << n;
        EXPECT_EQ(grid.count(), n);
        EXPECT_TRUE(grid.ends_clean() && grid.runs_backwards());
      }
}

TEST(IndexGrids, AreThoseWorkedOutByHand) {
  EXPECT_EQ(indices("leading", 1000, 3), (Indices{666, 333, 0}));
  EXPECT_EQ(indices("leading", 1000, 7), (Indices{852, 710, 568, 426, 284, 142, 0}));
  EXPECT_EQ(indices("trailing", 1000, 3), (Indices{999, 666, 332}));
  EXPECT_EQ(indices("trailing", 1000, 4), (Indices{999, 749, 499, 249}));
  EXPECT_EQ(indices("trailing", 10, 4), (Indices{9, 7, 4, 1}));  // 10, 7.5, 5, 2.5
  EXPECT_EQ(indices("linspace", 1000, 2), (Indices{999, 500}));  // 499.5
  EXPECT_EQ(indices("linspace", 1000, 3), (Indices{999, 666, 333}));
  EXPECT_EQ(indices("linspace", 6, 2), (Indices{5, 2}));  // 2.5
  EXPECT_EQ(indices("respaced", 1000, 3), (Indices{999, 500, 0}));
  EXPECT_EQ(indices("respaced", 6, 3), (Indices{5, 2, 0}));
  EXPECT_EQ(indices("respaced", 1000, 5), (Indices{999, 749, 500, 250, 0}));
}

TEST(IndexGrids, OfOneStepHaveTheFirstIndexOfTheRule) {
  EXPECT_EQ(indices("leading", 1000, 1), (Indices{0}));
  EXPECT_EQ(indices("trailing", 1000, 1), (Indices{999}));
  EXPECT_EQ(indices("linspace", 1000, 1), (Indices{999}));
  EXPECT_EQ(indices("respaced", 1000, 1), (Indices{0}));
}

TEST(IndexGrids, EndCleanAtIndexMinusOne) {
  for (std::string const& rule : rules()) {
    Grid const grid = make_grid(rule, make_sde("ddpm"), 10);
    EXPECT_TRUE(grid.level(10).is_clean());
    EXPECT_EQ(grid.level(10).t(), -1);
    EXPECT_EQ(grid.time(10), -1);
  }
}

TEST(IndexGrids, RefuseMoreStepsThanIndices) {
  for (std::string const& rule : rules())
    for (std::int64_t n :
         {std::int64_t{0}, std::int64_t{-3}, std::int64_t{51}, std::int64_t{1} << 62}) {
      std::string const text = argument_error([&] { (void)make_grid(rule, chain_of(50), n); });
      EXPECT_TRUE(contains(text, rule) && contains(text, "50")) << text;
    }
  EXPECT_TRUE(contains(argument_error([] { (void)indices("linspace", 50, 50); }), "49"));
  EXPECT_TRUE(contains(argument_error([] { (void)indices("linspace", 1, 1); }), "none"));
  EXPECT_EQ(indices("leading", 1, 1), (Indices{0}));
}

TEST(IndexGrids, FitDiscreteProcessesOnlyAndOthersFitOnlyContinuousOnes) {
  for (std::string const& rule : rules()) {
    for (auto const& entry : testing::continuous_sdes()) {
      std::string const text =
          argument_error([&] { (void)make_grid(rule, make_sde(entry.name), 5); });
      EXPECT_TRUE(contains(text, "'" + rule + "'") && contains(text, "'" + entry.name + "'") &&
                  contains(text, "karras"))
          << text;
    }
    EXPECT_TRUE(contains(
        argument_error([&] { (void)make_grid(rule, make_sde("ddpm"), 5, {.from = 5, .to = {}}); }),
        "--from"));
  }
  for (auto const& entry : testing::continuous_rules()) {
    std::string const text =
        argument_error([&] { (void)make_grid(entry.name, make_sde("ddpm"), 5); });
    EXPECT_TRUE(contains(text, "'" + entry.name + "'") && contains(text, "trailing")) << text;
    EXPECT_TRUE(contains(argument_error([&] {
                           (void)entry.make({entry.name, {}})(ddpm{}, 5, {});
                         }),
                         "ddpm"));
  }
}

}  // namespace
}  // namespace retrace
