// SPDX-License-Identifier: Apache-2.0
#include "reference.hpp"

#include <retrace/core/error.hpp>
#include <retrace/sde/edm_grid.hpp>
#include <retrace/sde/karras.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/sde/uniform.hpp>
#include <retrace/sde/vp.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

using test::Real;
using test::Reference;

/// The noisiest time with alpha > 0 that a rule in lambda can start from.
double top(Sde const& sde) { return sde.name() == "rectified-flow" ? 0.999 : sde.t_max(); }

template <class F>
void for_all(F const& check) {
  for (auto const& sde : testing::continuous_sdes())
    for (auto const& rule : testing::continuous_rules()) {
      SCOPED_TRACE(sde.name + " on " + rule.name);
      check(make_sde(sde.name), rule.name);
    }
}

TEST(GridRules, EndExactlyAtTheGivenTimes) {
  std::mt19937_64 random(7);
  std::uniform_real_distribution<double> part(1e-6, 1);
  for_all([&](Sde const& sde, std::string const& rule) {
    for (int round = 0; round < 50; ++round) {
      double const from = part(random) * top(sde), to = part(random) * top(sde);
      std::int64_t const steps = 1 + static_cast<std::int64_t>(random() % 40);
      Grid const grid = make_grid(rule + ":final=eps", sde, steps, {from, to});
      EXPECT_EQ(grid.count(), steps);
      EXPECT_EQ(grid.noisy_levels(), steps + 1);
      EXPECT_EQ(grid.level(0).t(), from);
      EXPECT_EQ(grid.level(steps).t(), to);
      EXPECT_EQ(grid.runs_backwards(), from > to);
      EXPECT_FALSE(grid.ends_clean());
      Grid const other = grid.reversed();
      for (std::int64_t k = 0; k <= steps; ++k) {
        EXPECT_EQ(other.time(k), grid.time(steps - k));
        if (k == 0) continue;
        EXPECT_EQ(grid.time(k) < grid.time(k - 1), from > to);
      }
    }
  });
}

TEST(GridRules, GoOnToTheCleanEndFromTheLastTime) {
  for_all([](Sde const& sde, std::string const& rule) {
    for (std::int64_t steps : {1, 2, 3, 10}) {
      double const from = top(sde), to = 0.01 * top(sde);
      Grid const grid = make_grid(rule + ":final=zero", sde, steps, {from, to});
      EXPECT_EQ(grid.count(), steps);
      EXPECT_EQ(grid.noisy_levels(), steps);
      EXPECT_EQ(grid.level(0).t(), from);
      EXPECT_TRUE(grid.level(steps).is_clean());
      if (steps == 1) continue;
      EXPECT_EQ(grid.level(steps - 1).t(), to);
      // The noisy part is the grid of one step less.
      Grid const noisy = make_grid(rule + ":final=eps", sde, steps - 1, {from, to});
      for (std::int64_t k = 0; k < steps; ++k) EXPECT_EQ(grid.time(k), noisy.time(k));
    }
  });
}

TEST(GridRules, StartAtTheLargestTimeAndEndWhereLikelihoodsDo) {
  for_all([](Sde const& sde, std::string const& rule) {
    Span const span = sde.name() == "rectified-flow" ? Span{.from = 0.999, .to = {}} : Span{};
    Grid const grid = make_grid(rule, sde, 7, span);
    EXPECT_EQ(grid.count(), 7);
    EXPECT_EQ(grid.time(0), top(sde));
    EXPECT_EQ(grid.time(grid.noisy_levels() - 1), sde.default_end(Solver::deterministic));
    EXPECT_EQ(grid.ends_clean(), rule == "karras" || rule == "edm");
  });
}

/// u of a level is linear in its index; u and its dependence on t in fifty digits.
struct Definition {
  std::function<Real(Reference const&, Real const&)> u;
};

std::map<std::string, Definition> definitions() {
  auto const power = [](double rho) {
    return Definition{[rho](Reference const& exact, Real const& t) -> Real {
      return pow(exact.rho(t), 1 / Real(rho));
    }};
  };
  return {
      {"uniform", {[](Reference const&, Real const& t) { return t; }}},
      {"quadratic", {[](Reference const&, Real const& t) -> Real { return sqrt(t); }}},
      {"log-snr", {[](Reference const& exact, Real const& t) { return exact.lambda(t); }}},
      {"karras", power(7)},
      {"karras:rho=1", power(1)},
      {"karras:rho=0.5", power(0.5)},
      {"karras:rho=1e4", power(1e4)},
      {"edm", power(7)},
  };
}

/// By how much t misses u(t) = wanted, relative to t: u(t) - wanted over t u'(t).
double miss(Definition const& rule, Reference const& exact, double t, Real const& wanted) {
  auto const u = [&](Real const& at) { return rule.u(exact, at); };
  return static_cast<double>(abs((u(t) - wanted) / (t * Reference::slope(u, Real(t)))));
}

TEST(GridRules, AreLinearInTheirCoordinate) {
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(entry.name);
    auto const exact = test::reference_of(sde);
    if (!exact) continue;
    for (auto const& [spec, rule] : definitions()) {
      std::string const eps = spec + (contains(spec, ":") ? ",final=eps" : ":final=eps");
      for (Span span : {Span{top(sde), 1e-3 * top(sde)}, Span{1e-4 * top(sde), 0.7 * top(sde)}}) {
        std::int64_t const steps = 13;
        Grid const grid = make_grid(eps, sde, steps, span);
        Real const a = rule.u(*exact, Real(*span.from)), b = rule.u(*exact, Real(*span.to));
        for (std::int64_t k = 1; k < steps; ++k)
          EXPECT_LT(miss(rule, *exact, grid.time(k), Real(a + (b - a) * k / steps)), 1e-13)
              << entry.name << " on " << spec << ", level " << k;
      }
    }
  }
}

/// The control of the check above: a level moved by 1e-12 of itself is found.
TEST(GridRules, FindALevelThatIsOff) {
  Sde const sde = make_sde("vp");
  Reference const exact = *test::reference_of(sde);
  for (auto const& [spec, rule] : definitions()) {
    Real const wanted = rule.u(exact, Real(0.3));
    EXPECT_LT(miss(rule, exact, 0.3, wanted), 1e-15) << spec;
    EXPECT_GT(miss(rule, exact, 0.3 * (1 + 1e-12), wanted), 1e-13) << spec;
  }
}

TEST(GridRules, EdmIsKarrasWithRhoSeven) {
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(entry.name);
    Span const span{.from = top(sde), .to = {}};
    Grid const a = make_grid("edm", sde, 18, span),
               b = make_grid("karras:rho=7,final=zero", sde, 18, span);
    ASSERT_EQ(a.count(), b.count());
    for (std::int64_t k = 0; k <= 18; ++k) EXPECT_EQ(a.time(k), b.time(k)) << entry.name;
  }
}

/// Karras et al. 2022, eq. 5, as in k-diffusion's get_sigmas_karras(5, 0.002, 80): powers in long
/// double.
TEST(GridRules, GiveTheSigmasOfThePaper) {
  Grid const grid = grids::edm{}(make_sde("edm"), 5);
  for (int k = 0; k < 5; ++k) {
    long double const high = std::pow(80.0L, 1 / 7.0L), low = std::pow(0.002L, 1 / 7.0L);
    auto const sigma = static_cast<double>(std::pow(high + (low - high) * k / 4, 7.0L));
    EXPECT_NEAR(grid.level(k).sigma(), sigma, 1e-13 * sigma);
  }
  EXPECT_EQ(grid.level(5).sigma(), 0);
}

TEST(GridRules, ReachTheCleanEndByToEqualsZeroWhereTheyCan) {
  Grid const uniform = make_grid("uniform", vp{}, 4, {1, 0});
  EXPECT_EQ(uniform.count(), 4);
  EXPECT_TRUE(uniform.ends_clean());
  EXPECT_EQ(uniform.time(1), 0.75);
  Grid const karras = make_grid("karras:final=eps", vp{}, 4, {1, 0});
  EXPECT_EQ(karras.count(), 4);
  EXPECT_TRUE(karras.ends_clean());
  EXPECT_NEAR(karras.level(2).rho(), karras.level(0).rho() / 128, 1e-12);
  EXPECT_TRUE(contains(argument_error([] {
                         (void)make_grid("log-snr", vp{}, 4, {1, 0});
                       }),
                       "lambda"));
  EXPECT_FALSE(argument_error([] { (void)make_grid("karras", vp{}, 4, {1, 0}); }).empty());
}

TEST(GridRules, RefuseBadEndsByName) {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  for_all([&](Sde const& sde, std::string const& rule) {
    auto const error = [&](Span span) {
      return argument_error([&] { (void)make_grid(rule, sde, 5, span); });
    };
    double const middle = 0.5 * sde.t_max();
    std::string const range = "[0, ";
    for (double bad : {nan, -0.1, 1.01 * sde.t_max(), std::numeric_limits<double>::infinity()}) {
      std::string const from = error({bad, middle}), to = error({middle, bad});
      EXPECT_TRUE(contains(from, "--from") && contains(from, range)) << from;
      EXPECT_TRUE(contains(to, "--to") && contains(to, range)) << to;
    }
    std::string const same = error({middle, middle});
    EXPECT_TRUE(contains(same, "--from") && contains(same, "--to") && contains(same, range))
        << same;
    for (std::int64_t steps : {1, 2}) {
      std::string const forwards = argument_error([&] {
        (void)make_grid(rule + ":final=zero", sde, steps, {0.5 * middle, middle});
      });
      EXPECT_TRUE(contains(forwards, "--from") && contains(forwards, "final=eps")) << forwards;
    }
  });
}

TEST(GridRules, RefuseNumbersOfStepsThatCannotBe) {
  for_all([](Sde const& sde, std::string const& rule) {
    for (char const* final : {":final=eps", ":final=zero"})
      for (std::int64_t steps :
           {std::int64_t{0}, std::int64_t{-1}, Grid::max_steps + 1, std::int64_t{1} << 31,
            std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
        std::string const text = argument_error([&] {
          (void)make_grid(rule + final, sde, steps, {top(sde), {}});
        });
        EXPECT_TRUE(contains(text, "steps") && contains(text, std::to_string(steps)) &&
                    contains(text, "[1, 67108864]"))
            << text;
      }
  });
}

TEST(GridRules, RefuseAlphaZeroWhereTheyNeedLambda) {
  for (char const* rule : {"log-snr", "karras", "edm"})
    EXPECT_TRUE(contains(
        argument_error([&] { (void)make_grid(rule, make_sde("rectified-flow"), 5); }), "--from"))
        << rule;
  for (char const* rule : {"uniform", "quadratic"})
    EXPECT_EQ(make_grid(rule, make_sde("rectified-flow"), 5).level(0).alpha(), 0) << rule;
}

TEST(GridRules, AreUsedLikeFunctions) {
  Grid const grid =
      grids::karras{.rho = 3, .final = Final::eps}(vp{.beta_max = 10}, 8, {.to = 0.01});
  EXPECT_EQ(grid.count(), 8);
  EXPECT_EQ(grid.time(8), 0.01);
  EXPECT_EQ(grids::uniform{}(vp{}, 3).count(), 3);
  EXPECT_FALSE(argument_error([] { (void)grids::karras{.rho = 0}(vp{}, 8); }).empty());
  EXPECT_FALSE(argument_error([] { (void)grids::karras{.rho = -7}(vp{}, 8); }).empty());
}

/// R75: levels finite, or the grid refused.
TEST(GridRules, HoldForExtremeOptions) {
  for (char const* spec : {"vp:beta_min=1e-6,beta_max=1e3", "sub-vp:beta_min=1e-6,beta_max=1e3",
                           "vp:beta_min=1e-6,beta_max=2e-6", "ve:sigma_min=1e-8,sigma_max=1e4",
                           "edm:sigma_min=1e-8,sigma_max=1e4", "cosine:s=1e-8", "cosine:s=1"})
    for (char const* rule : {"uniform", "quadratic", "log-snr", "karras", "edm", "karras:rho=1e-3",
                             "karras:rho=1e12"}) {
      Grid const grid = make_grid(rule, make_sde(spec), 64);
      for (auto const& [s, t, i] : grid.steps()) {
        EXPECT_TRUE(std::isfinite(t.lambda()) && std::isfinite(t.g2()) && t.g2() >= 0)
            << spec << " " << rule << " " << i;
        EXPECT_GT(t.lambda(), s.lambda()) << spec << " " << rule << " " << i;
      }
    }
}

TEST(GridRules, MakeAMillionSteps) {
  Grid const grid = make_grid("karras", vp{}, 1'000'000);
  EXPECT_EQ(grid.count(), 1'000'000);
  EXPECT_LT(grid.time(500'000), grid.time(499'999));
}

}  // namespace
}  // namespace retrace
