// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/likelihood/hutchinson.hpp>
#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/checkerboard.hpp>
#include <retrace/targets/draw_rows.hpp>
#include <retrace/targets/eight_gaussians.hpp>
#include <retrace/targets/registry.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace retrace {
namespace {

std::size_t size(std::int64_t n) { return static_cast<std::size_t>(n); }

/// |log p_data(x) - logp| of every point.
std::vector<double> errors_of(Target const& target, std::vector<double> const& points,
                              Likelihood const& found) {
  TargetAtLevel const data = target.at(NoiseLevel::clean(0));
  std::size_t const d = found.z.extent(1);
  std::vector<double> errors;
  for (std::size_t row = 0; row < found.logp.size(); ++row)
    errors.push_back(
        std::abs(data.log_density(std::span(points).subspan(row * d, d)) - found.logp[row]));
  return errors;
}

/// Share of the points whose error is within `scale` times the budget.
double covered(std::vector<double> const& errors, ErrorBudget const& budget, double scale = 1) {
  std::size_t count = 0;
  for (std::size_t row = 0; row < errors.size(); ++row)
    count += errors[row] <= scale * budget.total(row) ? 1 : 0;
  return static_cast<double>(count) / static_cast<double>(errors.size());
}

TEST(LogLikelihood, HasABudgetThatCoversTheTruthAndIsNotVain) {
  constexpr std::int64_t n = 10'000;
  Target const target = eight_gaussians{}();
  for (char const* const name : {"vp", "ve", "sub-vp", "edm", "cosine", "rectified-flow"}) {
    SCOPED_TRACE(name);
    Sde const sde = make_sde(name);
    std::vector<double> const points = draw_rows(target, 3, 0, n);
    for (double const tolerance : {1e-3, 1e-5, 1e-8}) {
      LikelihoodOptions options{.encode = {.tolerance = {tolerance, tolerance}}};
      Likelihood const found = log_likelihood(target, sde, "dopri5", points, options);
      std::vector<double> const errors = errors_of(target, points, found);
      EXPECT_GE(covered(errors, found.error), 0.99) << tolerance;
      // The control: most of the bound is needed.
      EXPECT_LE(covered(errors, found.error, 0.01), 0.05) << tolerance;

      // The term of the integration against the error of it, by a run that has hardly any.
      options = {.encode = {.tolerance = {1e-12, 1e-12}}, .budget = Budget::none};
      Likelihood const exact = log_likelihood(target, sde, "dopri5", points, options);
      std::vector<double> ratios;
      std::size_t low = 0;
      for (std::size_t row = 0; row < size(n); ++row) {
        double const error = std::abs(found.logp[row] - exact.logp[row]);
        low += found.error.ode[row] < error ? 1 : 0;
        ratios.push_back(found.error.ode[row] / std::max(error, 1e-11));
      }
      std::nth_element(ratios.begin(), ratios.begin() + n / 2, ratios.end());
      EXPECT_LE(ratios[n / 2], 10) << tolerance;
      EXPECT_LE(low, size(n / 200)) << tolerance;
    }
  }
}

TEST(LogLikelihood, IsInFloatWhatItIsInDoubleButForRoundingThatTheBudgetSees) {
  constexpr std::int64_t n = 2000;
  Target const target = eight_gaussians{}();
  for (char const* const name : {"vp", "ve", "rectified-flow"}) {
    SCOPED_TRACE(name);
    Sde const sde = make_sde(name);
    std::vector<double> const points = draw_rows(target, 4, 0, n);
    LikelihoodOptions options{.encode = {.tolerance = {1e-12, 1e-12}}, .budget = Budget::none};
    Likelihood const exact = log_likelihood(target, sde, "dopri5", points, options);
    options = {.encode = {.tolerance = {1e-5, 1e-5}}, .arithmetic = Arithmetic::in_float};
    Likelihood const rounded = log_likelihood(target, sde, "dopri5", points, options);
    std::size_t covered = 0, different = 0;
    double mean = 0;
    for (std::size_t row = 0; row < size(n); ++row) {
      double const error = std::abs(rounded.logp[row] - exact.logp[row]);
      covered += error <= rounded.error.ode[row] ? 1 : 0;
      different += error > 0 ? 1 : 0;
      mean += error / n;
    }
    EXPECT_GE(static_cast<double>(covered), 0.99 * n);
    EXPECT_LT(mean, 1e-4);
    EXPECT_EQ(different, size(n));
  }
}

TEST(LogLikelihood, OfAGridIsInFloatWhatItIsInDoubleButForRounding) {
  Target const target = eight_gaussians{}();
  Sde const sde = make_sde("vp");
  std::vector<double> const points = draw_rows(target, 4, 0, 200);
  Grid const grid = grids::log_snr{}(sde, 50, {1.0, 1e-3}).reversed();
  LikelihoodOptions options{.budget = Budget::none};
  Likelihood const exact = log_likelihood(target, "dpm-solver-3", grid, points, options);
  options.arithmetic = Arithmetic::in_float;
  Likelihood const rounded = log_likelihood(target, "dpm-solver-3", grid, points, options);
  double largest = 0;
  for (std::size_t row = 0; row < 200; ++row)
    largest = std::max(largest, std::abs(exact.logp[row] - rounded.logp[row]));
  EXPECT_LT(largest, 1e-3);
  EXPECT_GT(largest, 0);
}

TEST(LogLikelihood, CoversTheTruthByStepsOfAGridToo) {
  Target const target = testing::correlated_mixture(2, 3);
  std::vector<double> const points = draw_rows(target, 3, 0, 2000);
  Sde const sde = make_sde("vp");
  Span const span{sde.default_end(Solver::deterministic), sde.t_max()};
  for (char const* const sampler : {"ddim", "dpmpp-2m", "dpm-solver-3", "rk4"})
    for (std::int64_t const steps : {40, 160}) {
      Grid const grid = grids::log_snr{}(sde, steps, span);
      Likelihood const found = log_likelihood(target, sampler, grid, points);
      EXPECT_GE(covered(errors_of(target, points, found), found.error), 0.99)
          << sampler << " " << steps;
    }
}

TEST(LogLikelihood, CoversTheTruthOfBoxesAndSaysThatOutsideThereIsNone) {
  Target const target = checkerboard{}();
  std::vector<double> points = draw_rows(target, 3, 0, 60);
  points.push_back(50);
  points.push_back(50);
  Likelihood const found = log_likelihood(target, make_sde("vp"), "dopri5", points,
                                          {.encode = {.tolerance = {1e-6, 1e-6}}});
  std::vector<double> errors = errors_of(target, points, found);
  EXPECT_EQ(found.error.truncation.back(), std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isfinite(found.logp.back()));
  errors.pop_back();
  EXPECT_GE(covered(errors, found.error), 0.98);
}

// Its error estimate does not see volumes: the second run has to.
TEST(LogLikelihood, CoversTheTruthByFehlbergToo) {
  Target const mixture = eight_gaussians{}(), boxes = checkerboard{}();
  for (Target const* const target : {&mixture, &boxes}) {
    std::vector<double> const points = draw_rows(*target, 3, 0, 100);
    Likelihood const found = log_likelihood(*target, make_sde("vp"), "fehlberg78", points,
                                            {.encode = {.tolerance = {1e-7, 1e-7}}});
    EXPECT_GE(covered(errors_of(*target, points, found), found.error), 0.97);
  }
}

// 32 Gaussian probes in ten dimensions: nearly normal, so that the interval holds what it promises.
TEST(LogLikelihood, HasIntervalsForGaussianProbesThatHoldTheirConfidence) {
  constexpr std::int64_t n = 2000;
  constexpr double confidence = 0.95;
  Target const target = testing::correlated_mixture(10, 3);
  std::vector<double> const points = draw_rows(target, 5, 0, n);
  Likelihood const found = log_likelihood(
      target, make_sde("vp"), "dopri5", points,
      {.divergence = divergences::hutchinson{Probes::drawn(32, ProbeLaw::gaussian, 7)}});
  std::vector<double> const errors = errors_of(target, points, found);
  EXPECT_EQ(found.error.probes, std::vector<std::int64_t>(size(n), 32));
  std::size_t inside = 0, inside_half = 0;
  for (std::size_t row = 0; row < size(n); ++row) {
    double const half_width = found.error.half_width(row, confidence);
    inside += errors[row] <= half_width ? 1 : 0;
    inside_half += errors[row] <= half_width / 2 ? 1 : 0;
  }
  // z = 4.9 below: level 1e-6.
  double const slack = 4.9 * std::sqrt(confidence * (1 - confidence) / n);
  EXPECT_GE(static_cast<double>(inside) / n, confidence - slack);
  EXPECT_LT(static_cast<double>(inside_half) / n, confidence - slack);
}

TEST(LogLikelihood, AgreesBetweenItsThreeRoutes) {
  Mixture const mixture = testing::scattered_mixture(2, 8);
  Target const target = mixture;
  Sde const sde = make_sde("vp");
  std::vector<double> const points = draw_rows(target, 9, 0, 50);
  LikelihoodOptions const tight{.encode = {.tolerance = {1e-10, 1e-10}}, .budget = Budget::none};
  Likelihood const tiles = log_likelihood(target, sde, "dopri5", points, tight);
  Likelihood const host = log_likelihood(target, sde, "bulirsch-stoer", points, tight);
  Grid const grid =
      grids::log_snr{}(sde, 2000, {sde.default_end(Solver::deterministic), sde.t_max()});
  Likelihood const traced =
      log_likelihood(target, "dpm-solver-3", grid, points, {.budget = Budget::none});
  for (std::size_t row = 0; row < 50; ++row) {
    EXPECT_NEAR(tiles.logp[row], host.logp[row], 1e-8);
    EXPECT_NEAR(tiles.logp[row], traced.logp[row], 2e-6);
    EXPECT_NEAR(tiles.delta_logp[row], traced.delta_logp[row], 2e-6);
  }
}

// Estimates where no density is known: near what they are for the same model as a target.
TEST(LogLikelihood, EstimatesTheEndsOfModelsThatKnowNoDensity) {
  Target const target = testing::correlated_mixture(3, 4);
  std::vector<double> const points = draw_rows(target, 11, 0, 200);
  for (char const* const name : {"vp", "ve", "sub-vp"}) {
    Sde const sde = make_sde(name);
    Likelihood const known = log_likelihood(target, sde, "bulirsch-stoer", points);
    Likelihood const guessed = log_likelihood(host_model(target), sde, "bulirsch-stoer", points);
    EXPECT_EQ(known.logp, guessed.logp);
    for (std::size_t row = 0; row < 200; ++row) {
      EXPECT_NEAR(guessed.error.truncation[row], known.error.truncation[row],
                  0.1 * known.error.truncation[row] + 1e-6)
          << name;
      EXPECT_NEAR(guessed.error.prior[row], known.error.prior[row],
                  0.1 * known.error.prior[row] + 1e-4)
          << name;
    }
  }
  HostModel opaque = host_model(target);
  opaque.divergence = {};
  opaque.products = {};
  EXPECT_THROW(static_cast<void>(log_likelihood(opaque, make_sde("vp"), "dopri5", points)), Error);
  Likelihood const differences =
      log_likelihood(with_differences(opaque, 1e-4), make_sde("vp"), "dopri5", points);
  Likelihood const exact = log_likelihood(target, make_sde("vp"), "dopri5", points);
  for (std::size_t row = 0; row < 200; ++row)
    EXPECT_NEAR(differences.logp[row], exact.logp[row], 1e-3);
}

TEST(LogLikelihood, SaysWhichPointDidNotGetToTheEnd) {
  Target const target = eight_gaussians{}();
  std::vector<double> const points = draw_rows(target, 3, 0, 10);
  for (char const* const solver : {"dopri5", "bulirsch-stoer"}) try {
      static_cast<void>(log_likelihood(target, make_sde("vp"), solver, points,
                                       {.encode = {.max_evaluations = 20}}));
      FAIL() << solver;
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::numerics);
      EXPECT_NE(std::string(error.what()).find("point 0, max-steps"), std::string::npos)
          << error.what();
    }
}

TEST(LogLikelihood, LimitsTheRunThatIsAskedForAndLeavesTheFinerOneRoom) {
  Target const target = eight_gaussians{}();
  std::vector<double> const points = draw_rows(target, 3, 0, 10);
  for (char const* const solver : {"dopri5", "bulirsch-stoer"}) {
    Likelihood const free = log_likelihood(target, make_sde("vp"), solver, points);
    std::int64_t const most = *std::max_element(free.evaluations.begin(), free.evaluations.end());
    Likelihood const limited = log_likelihood(target, make_sde("vp"), solver, points,
                                              {.encode = {.max_evaluations = most}});
    EXPECT_EQ(limited.logp, free.logp) << solver;
    EXPECT_EQ(limited.error.ode, free.error.ode) << solver;
    auto const& finer = limited.budget_evaluations;
    EXPECT_GT(*std::max_element(finer.begin(), finer.end()), most) << solver;
  }
}

TEST(LogLikelihood, TakesNoPointsAndRefusesBadOnes) {
  Target const target = eight_gaussians{}();
  Sde const sde = make_sde("ve");
  EXPECT_TRUE(log_likelihood(target, sde, "dopri5", {}).logp.empty());
  EXPECT_TRUE(log_likelihood(target, sde, "bulirsch-stoer", {}).logp.empty());
  std::vector<double> const infinite{0, 1, std::numeric_limits<double>::infinity(), 1};
  for (char const* const solver : {"dopri5", "bulirsch-stoer"}) {
    EXPECT_THROW(static_cast<void>(log_likelihood(target, sde, solver, infinite)), Error);
    for (double const tolerance : {0.0, -1.0, std::nan("")})
      EXPECT_THROW(static_cast<void>(log_likelihood(target, sde, solver, std::vector{0.0, 1.0},
                                                    {.encode = {.tolerance = {tolerance, 1e-5}}})),
                   Error);
  }
  EXPECT_THROW(static_cast<void>(log_likelihood(target, sde, "heun", std::vector{0.0, 1.0})),
               Error);
}

TEST(BitsPerDimension, AreThoseOfTheUniformLaw) {
  EXPECT_DOUBLE_EQ(bits_per_dimension(-8 * 3 * std::log(2.0), 3), 8);
}

}  // namespace
}  // namespace retrace
