// SPDX-License-Identifier: Apache-2.0

// Chains and posterior tables against their definitions in fifty digits, without any rearrangement.
#include "reference.hpp"

#include <retrace/core/error.hpp>
#include <retrace/sde/beta_schedule.hpp>
#include <retrace/sde/chain.hpp>
#include <retrace/sde/posterior.hpp>
#include <retrace/sde/respacing.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace retrace {
namespace {

using test::Real;
using test::relative_error;
using testing::argument_error;
using testing::contains;

using Reals = std::vector<Real>;

Real logistic(Real const& x) { return 1 / (1 + exp(-x)); }

Real alpha_bar_of(std::string const& schedule, Real const& t) {
  Real const half_pi = boost::math::constants::half_pi<Real>();
  if (schedule == "cosine") {
    Real const c = cos((t + Real("0.008")) / Real("1.008") * half_pi);
    return c * c;
  }
  return (logistic(3) - logistic(6 * t - 3)) / (logistic(3) - logistic(-3));
}

Reals reference_betas(std::string const& schedule, int m) {
  Reals betas;
  for (int i = 0; i < m; ++i) {
    Real const part = m == 1 ? Real(0) : Real(i) / (m - 1);
    if (schedule == "linear") {
      betas.push_back((Real("0.0001") + (Real("0.02") - Real("0.0001")) * part) * 1000 / m);
    } else if (schedule == "scaled-linear") {
      Real const a = sqrt(Real("0.00085")), b = sqrt(Real("0.012"));
      betas.push_back((a + (b - a) * part) * (a + (b - a) * part));
    } else {
      std::string const name = schedule == "squared-cosine" ? "cosine" : schedule;
      Real const beta = 1 - alpha_bar_of(name, Real(i + 1) / m) / alpha_bar_of(name, Real(i) / m);
      betas.push_back(beta < Real("0.999") ? beta : Real("0.999"));
    }
  }
  return betas;
}

Reals cumulated(Reals const& betas) {
  Reals products;
  Real product = 1;
  for (Real const& beta : betas) products.push_back(product *= 1 - beta);
  return products;
}

/// Largest error of the tables against the formulas for these alpha_bar: relative, of logarithms
/// absolute where they are less than one.
double table_error(PosteriorTables const& tables, Reals const& alpha_bar) {
  double worst = 0;
  auto const compare = [&](double value, Real const& expected) {
    double const error = relative_error(value, expected);
    if (!(error <= worst)) worst = error;
  };
  auto const compare_log = [&](double value, Real const& expected) {
    Real const size = abs(expected) > 1 ? Real(abs(expected)) : Real(1);
    compare(static_cast<double>(Real(value) / size + 1), Real(expected / size + 1));
  };
  auto const n = alpha_bar.size();
  auto const before = [&](std::size_t i) { return i == 0 ? Real(1) : alpha_bar[i - 1]; };
  auto const beta = [&](std::size_t i) { return Real(1 - alpha_bar[i] / before(i)); };
  auto const variance = [&](std::size_t i) {
    return Real(beta(i) * (1 - before(i)) / (1 - alpha_bar[i]));
  };
  for (std::size_t i = 0; i < n; ++i) {
    Real const rest = 1 - alpha_bar[i];
    compare(tables.betas[i], beta(i));
    compare(tables.alpha_bar[i], alpha_bar[i]);
    compare(tables.alpha_bar_prev[i], before(i));
    compare(tables.posterior_variance[i], variance(i));
    compare(tables.posterior_mean_coef1[i], Real(beta(i) * sqrt(before(i)) / rest));
    compare(tables.posterior_mean_coef2[i], Real((1 - before(i)) * sqrt(1 - beta(i)) / rest));
    Real const clipped = n == 1 ? log(beta(0)) : log(variance(i == 0 ? 1 : i));
    compare_log(tables.posterior_log_variance_clipped[i], clipped);
    compare_log(tables.fixed_large_log_variance[i], i == 0 ? clipped : Real(log(beta(i))));
  }
  return worst;
}

std::vector<std::string> schedule_names() {
  std::vector<std::string> names;
  for (auto const& [name, schedule] : beta_schedules()) names.emplace_back(name);
  return names;
}

constexpr double tolerance = 1e-11;

/// N14.
TEST(Chain, HasTheTablesOfTheFormulas) {
  for (std::string const& name : schedule_names())
    for (int m : {1, 2, 21, 50, 1000}) {
      if (name == "linear" && m < 21) continue;
      SCOPED_TRACE(name + " " + std::to_string(m));
      Reals const betas = reference_betas(name, m);
      Chain const chain(betas_of(beta_schedule(name), m));
      ASSERT_EQ(chain.size(), m);
      EXPECT_LT(table_error(posterior_tables(chain), cumulated(betas)), tolerance);
    }
}

TEST(Chain, HasTheTablesOfTheFormulasWhereItIsRespaced) {
  for (std::string const& name : schedule_names())
    for (int m : {50, 1000}) {
      Reals const all = cumulated(reference_betas(name, m));
      for (char const* text : {"1", "2", "7", "50", "ddim2", "ddim10", "ddim25", "ddim50"}) {
        SCOPED_TRACE(name + " " + std::to_string(m) + " " + text);
        auto const indices = respaced_indices("--respace", text, m);
        Reals some;
        for (std::int64_t const i : indices) some.push_back(all[static_cast<std::size_t>(i)]);
        Chain const chain = Chain(betas_of(beta_schedule(name), m)).respaced(indices);
        PosteriorTables const tables = posterior_tables(chain);
        EXPECT_EQ(tables.timesteps, indices);
        EXPECT_LT(table_error(tables, some), tolerance);
      }
    }
}

TEST(Chain, StartsFromZeroNotMinusZero) {
  PosteriorTables const tables = posterior_tables(Chain(betas_of(BetaSchedule::cosine, 5)));
  EXPECT_FALSE(std::signbit(tables.posterior_variance[0]));
  EXPECT_FALSE(std::signbit(tables.posterior_mean_coef2[0]));
}

/// The control of the checks above: the tables of a neighbour index, or of another schedule,
/// differ.
TEST(Chain, WrongTablesAreFound) {
  Chain const chain(betas_of(BetaSchedule::linear, 1000));
  Reals const alpha_bar = cumulated(reference_betas("linear", 1000));
  PosteriorTables const good = posterior_tables(chain);
  PosteriorTables wrong = good;
  wrong.posterior_variance[500] *= 1 + 1e-10;
  EXPECT_GT(table_error(wrong, alpha_bar), tolerance);
  wrong = good;
  wrong.alpha_bar_prev = wrong.alpha_bar;
  EXPECT_GT(table_error(wrong, alpha_bar), 1e-4);
  wrong = good;
  wrong.posterior_log_variance_clipped[0] += 1e-9;
  EXPECT_GT(table_error(wrong, alpha_bar), tolerance);
}

/// T6: the chain is not vp at t = 1, whose alpha_bar is exp(-10.05).
TEST(Chain, EndsBelowItsContinuousLimit) {
  Chain const chain(betas_of(BetaSchedule::linear, 1000));
  double const last = std::exp(chain.log_alpha_bar().back());
  EXPECT_NEAR(last, 4.036e-5, 1e-8);
  EXPECT_NEAR(last / std::exp(-10.05), 0.934, 1e-3);
}

TEST(Chain, OfAlphaBarIsTheChainOfItsBetas) {
  Chain const chain(betas_of(BetaSchedule::cosine, 200));
  PosteriorTables const tables = posterior_tables(chain);
  Chain const again = Chain::of_alpha_bar(tables.alpha_bar);
  for (std::size_t i = 0; i < 200; ++i) {
    EXPECT_NEAR(again.betas()[i], chain.betas()[i], 2e-12 * chain.betas()[i]) << i;
    EXPECT_NEAR(again.log_alpha_bar()[i], chain.log_alpha_bar()[i],
                1e-13 * std::abs(chain.log_alpha_bar()[i]) + 1e-15);
  }
}

/// Lin et al. 2024, Algorithm 1, in fifty digits.
TEST(Chain, WithZeroSnrIsThePapersRescaling) {
  for (std::string const& name : schedule_names())
    for (int m : {2, 30, 1000}) {
      if (name == "linear" && m < 21) continue;
      SCOPED_TRACE(name + " " + std::to_string(m));
      Reals const before = cumulated(reference_betas(name, m));
      Real const first = sqrt(before.front()), last = sqrt(before.back());
      Chain const chain = Chain(betas_of(beta_schedule(name), m)).with_zero_snr();
      Real previous = 1;
      for (std::size_t i = 0; i < before.size(); ++i) {
        Real const root = (sqrt(before[i]) - last) * first / (first - last);
        bool const is_last = i + 1 == before.size();
        Real const alpha_bar = is_last ? Real(0) : Real(root * root);
        LevelValues const level = chain.at(static_cast<std::int64_t>(i));
        EXPECT_LT(relative_error(level.alpha, Real(sqrt(alpha_bar))), tolerance) << i;
        EXPECT_LT(relative_error(level.sigma, Real(sqrt(1 - alpha_bar))), tolerance) << i;
        EXPECT_LT(relative_error(chain.betas()[i], Real(1 - alpha_bar / previous)), tolerance) << i;
        previous = alpha_bar;
      }
      NoiseLevel const end = chain.level(m - 1);
      EXPECT_EQ(end.alpha(), 0);
      EXPECT_EQ(end.sigma(), 1);
      EXPECT_FALSE(end.has_lambda());
      PosteriorTables const tables = posterior_tables(chain);
      EXPECT_EQ(tables.betas.back(), 1);
      EXPECT_EQ(tables.posterior_mean_coef2.back(), 0);
      EXPECT_EQ(tables.fixed_large_log_variance[static_cast<std::size_t>(m - 1)], 0);
    }
  EXPECT_TRUE(contains(
      argument_error([] { (void)Chain(std::vector<double>{0.5}).with_zero_snr(); }), "one step"));
}

TEST(Chain, LosesNoDigitsOfSigmaNearTheData) {
  std::vector<double> const betas{1e-14, 1e-12, 1e-9, 0.5};
  Chain const chain(betas);
  Real product = 1;
  for (std::int64_t i = 0; i < 4; ++i) {
    product *= 1 - Real(betas[static_cast<std::size_t>(i)]);
    LevelValues const level = chain.at(i);
    EXPECT_LT(relative_error(level.sigma, Real(sqrt(1 - product))), 1e-15) << i;
    EXPECT_LT(relative_error(level.alpha, Real(sqrt(product))), 1e-15) << i;
    EXPECT_EQ(level.t, static_cast<double>(i));
    EXPECT_TRUE(std::isnan(level.alpha_rate) && std::isnan(level.variance_rate));
  }
}

TEST(Chain, RefusesBetasOutsideTheirRange) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (double const bad : {0.0, 1.0, -0.1, 1.5, nan, infinity, -infinity}) {
    std::string const text = argument_error([&] {
      (void)Chain(std::vector<double>{0.1, bad, 0.2});
    });
    EXPECT_TRUE(contains(text, "beta[1]") && contains(text, "(0, 1)")) << text;
  }
  EXPECT_TRUE(contains(argument_error([] { (void)Chain(std::vector<double>{}); }), "at least one"));
  // Within (0, 1), but nothing beside the sum.
  std::string const text = argument_error([] { (void)Chain(std::vector<double>{0.5, 1e-300}); });
  EXPECT_TRUE(contains(text, "alpha_bar[1]") && contains(text, "decrease")) << text;
}

TEST(Chain, RefusesAlphaBarsThatDoNotDecrease) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  for (std::vector<double> const& bad : std::vector<std::vector<double>>{
           {0.9, 0.9}, {0.5, 0.6}, {0.5, -0.1}, {0.5, nan}, {0.5, 0.0, 0.0}}) {
    std::string const text = argument_error([&] { (void)Chain::of_alpha_bar(bad); });
    EXPECT_TRUE(contains(text, "alpha_bar[") && contains(text, "decrease")) << text;
  }
  EXPECT_FALSE(argument_error([] {
                 (void)Chain::of_alpha_bar(std::vector<double>{1.0, 0.5});
               }).empty());
  EXPECT_EQ(Chain::of_alpha_bar(std::vector<double>{0.5, 0.0}).level(1).alpha(), 0);
}

TEST(Chain, RefusesIndicesThatDoNotRise) {
  Chain const chain(betas_of(BetaSchedule::cosine, 10));
  for (std::vector<std::int64_t> const& bad :
       std::vector<std::vector<std::int64_t>>{{-1}, {10}, {3, 3}, {5, 2}, {}})
    EXPECT_FALSE(argument_error([&] { (void)chain.respaced(bad); }).empty());
  Chain const twice = chain.respaced({1, 4, 7, 9}).respaced({1, 3});
  EXPECT_EQ(twice.timesteps(), (std::vector<std::int64_t>{4, 9}));
}

TEST(BetaSchedules, RefuseStepsThatTheyCannotHave) {
  for (auto const& [name, schedule] : beta_schedules())
    for (std::int64_t steps : {std::int64_t{0}, std::int64_t{-1}, most_chain_steps + 1,
                               std::numeric_limits<std::int64_t>::max()})
      EXPECT_TRUE(
          contains(argument_error([&] { (void)betas_of(schedule, steps); }), std::to_string(steps)))
          << name;
  for (std::int64_t steps = 1; steps < 21; ++steps)
    EXPECT_TRUE(
        contains(argument_error([&] { (void)betas_of(BetaSchedule::linear, steps); }), "21"));
  EXPECT_EQ(betas_of(BetaSchedule::linear, 21).size(), 21U);
  EXPECT_EQ(argument_error([] { (void)beta_schedule("linaer"); }),
            "unknown schedule 'linaer'; did you mean 'linear'?");
}

TEST(Respacing, RoundsHalfToEven) {
  EXPECT_EQ(rounded_ratio(1, 2), 0);
  EXPECT_EQ(rounded_ratio(3, 2), 2);
  EXPECT_EQ(rounded_ratio(5, 2), 2);
  EXPECT_EQ(rounded_ratio(999, 2), 500);  // T11
  EXPECT_EQ(rounded_ratio(7, 3), 2);
  EXPECT_EQ(rounded_ratio(8, 3), 3);
  EXPECT_EQ(evenly_spaced_indices(1000, 3), (std::vector<std::int64_t>{0, 500, 999}));
  EXPECT_EQ(evenly_spaced_indices(1000, 1), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(evenly_spaced_indices(4, 4), (std::vector<std::int64_t>{0, 1, 2, 3}));
}

TEST(Respacing, TakesTheSmallestStrideThatGivesTheNumber) {
  for (std::int64_t m : {1, 2, 7, 50, 97, 1000})
    for (std::int64_t n = 1; n <= m; ++n) {
      std::int64_t stride = 1;
      auto const count = [&] { return (m - 1) / stride + 1; };
      while (stride <= m && count() != n) ++stride;
      if (stride > m) {
        EXPECT_TRUE(contains(argument_error([&] { (void)strided_indices(m, n); }), "no stride"))
            << m << ' ' << n;
        continue;
      }
      auto const indices = strided_indices(m, n);
      ASSERT_EQ(std::ssize(indices), n);
      for (std::int64_t k = 0; k < n; ++k)
        EXPECT_EQ(indices[static_cast<std::size_t>(k)], k * stride) << m << ' ' << n;
    }
  EXPECT_FALSE(argument_error([] { (void)strided_indices(1000, 300); }).empty());
}

TEST(Respacing, RefusesTextsThatAreNeither) {
  for (char const* text : {"", "0", "-5", "1001", "ddim", "ddim0", "ddim1001", "ddim300", "5x",
                           "DDIM50", "ddim 50", "10,20", "1e2", "nan"}) {
    EXPECT_FALSE(argument_error([&] { (void)respaced_indices("--respace", text, 1000); }).empty())
        << text;
  }
}

TEST(Posterior, LearnedRangeGoesFromThePosteriorsVarianceToBeta) {
  PosteriorTables const tables = posterior_tables(Chain(betas_of(BetaSchedule::linear, 100)));
  for (std::int64_t i : {0, 1, 50, 99}) {
    auto const at = static_cast<std::size_t>(i);
    double const small = tables.posterior_log_variance_clipped[at];
    double const large = std::log(tables.betas[at]);
    auto const learned = [&](double v) {
      return reverse_log_variance(tables, i, PosteriorVariance::learned_range, v);
    };
    EXPECT_DOUBLE_EQ(learned(-1), small);
    EXPECT_DOUBLE_EQ(learned(1), large);
    EXPECT_DOUBLE_EQ(learned(0), (small + large) / 2);
    EXPECT_EQ(reverse_log_variance(tables, i, PosteriorVariance::fixed_small), small);
    EXPECT_EQ(reverse_log_variance(tables, i, PosteriorVariance::fixed_large),
              tables.fixed_large_log_variance[at]);
  }
}

TEST(Posterior, StepsAsTheFormulasSay) {
  PosteriorTables const tables = posterior_tables(Chain(betas_of(BetaSchedule::cosine, 10)));
  std::vector<double> const x0{0.3, -1.2}, z{0.7, -0.4}, v{0.5, -0.25};
  for (std::int64_t i : {0, 6}) {
    auto const at = static_cast<std::size_t>(i);
    std::vector<double> x{1.5, 0.2};
    std::vector<double> const start = x;
    ancestral_step(tables, i, PosteriorVariance::learned_range, x0, v, z, x);
    for (std::size_t c = 0; c < 2; ++c) {
      double const share = (v[c] + 1) / 2;
      double const variance =
          std::pow(tables.betas[at], share) *
          std::pow(std::exp(tables.posterior_log_variance_clipped[at]), 1 - share);
      double const mean =
          tables.posterior_mean_coef1[at] * x0[c] + tables.posterior_mean_coef2[at] * start[c];
      EXPECT_NEAR(x[c], mean + (i == 0 ? 0 : std::sqrt(variance) * z[c]), 1e-14) << i;
    }
  }
}

}  // namespace
}  // namespace retrace
