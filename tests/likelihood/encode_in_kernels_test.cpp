// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/draw_rows.hpp>
#include <retrace/targets/eight_gaussians.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>
#include <support/mixtures.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace retrace {
namespace {

/// Draws of the data, every third of them `far` times as far from the origin.
std::vector<double> points_of(Mixture const& mixture, std::size_t n, double far) {
  auto const d = static_cast<std::size_t>(mixture.dimension());
  std::vector<double> points;
  for (std::size_t row = 0; row < n; ++row) {
    std::vector<double> x(d);
    mixture.draw(5, static_cast<std::int64_t>(row), x);
    for (double const along : x) points.push_back(along * (row % 3 == 2 ? far : 1));
  }
  return points;
}

std::vector<double> row_of(HostArray<double const> x, std::size_t row) {
  return {&x(row, 0), &x(row, 0) + x.extent(1)};
}

/// log p_from(x) - log p_to(z), which the change of volume has to be, by the exact densities.
double expected_change(Mixture const& mixture, NoiseLevel const& from, NoiseLevel const& to,
                       std::vector<double> const& x, std::vector<double> const& z) {
  return mixture.at(from).log_density(x) - mixture.at(to).log_density(z);
}

/// The largest error of a run, relative to max(1, |log p|).
double largest_error(Mixture const& mixture, Sde const& sde, Span span,
                     std::vector<double> const& points, Encoded const& run) {
  NoiseLevel const from = sde.at(*span.from), to = sde.at(*span.to);
  double largest = 0;
  std::size_t const d = run.z.extent(1);
  for (std::size_t row = 0; row < run.z.extent(0); ++row) {
    std::vector<double> const x(&points[row * d], &points[row * d] + d);
    double const error =
        std::abs(run.change(row, 0) - expected_change(mixture, from, to, x, row_of(run.z, row)));
    double const scaled = error / std::max(1.0, std::abs(mixture.at(from).log_density(x)));
    if (!(scaled <= largest)) largest = scaled;  // NaN is large
  }
  return largest;
}

std::vector<Mixture> mixtures() {
  return {testing::scattered_mixture(1, 3),  testing::scattered_mixture(2, 11),
          testing::correlated_mixture(2, 3), testing::scattered_mixture(5, 9),
          testing::correlated_mixture(3, 4), testing::correlated_mixture(5, 3)};
}

Span span_of(Sde const& sde) { return {sde.default_end(Solver::deterministic), sde.t_max()}; }

TEST(EncodeBySteps, KnowsTheVolumeToTheToleranceFromDataToNoiseAlsoFarOut) {
  for (Entry<Sde> const& entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(entry.name);
    for (Mixture const& mixture : mixtures()) {
      SCOPED_TRACE(std::string(sde.name()) + " in " + std::to_string(mixture.dimension()) + " D");
      Span const span = span_of(sde);
      auto const points = points_of(mixture, 24, 40);
      auto const executor = adaptive_volume_executor<double>(mixture);
      Encoded const run = encode(*executor, *step_program_of("dopri5"), sde, span, points,
                                 {.tolerance = {1e-10, 1e-10}});
      EXPECT_LE(largest_error(mixture, sde, span, points, run), 1e-8);
      for (Outcome const outcome : run.outcomes) EXPECT_EQ(outcome, Outcome::done);
    }
  }
}

TEST(EncodeBySteps, ErrsWithTheTolerance) {
  Mixture const mixture = testing::scattered_mixture(2, 8);
  Sde const sde = make_sde("vp");
  Span const span = span_of(sde);
  auto const points = points_of(mixture, 64, 4);
  auto const executor = adaptive_volume_executor<double>(mixture);
  // Not so fehlberg78, whose error estimate vanishes for quadratures, and is small for volumes.
  for (char const* const pair : {"dopri5", "tsit5", "cash-karp54"}) {
    SCOPED_TRACE(pair);
    double before = std::numeric_limits<double>::infinity();
    for (double const tolerance : {1e-5, 1e-7, 1e-9}) {
      Encoded const run = encode(*executor, *step_program_of(pair), sde, span, points,
                                 {.tolerance = {tolerance, tolerance}});
      double const error = largest_error(mixture, sde, span, points, run);
      EXPECT_LE(error, 2000 * tolerance);
      EXPECT_LE(error, before / 10);
      before = error;
    }
  }
}

TEST(EncodeBySteps, TakesFewerStepsWhereTheVolumeIsFreeAndMovesThePointsAlike) {
  Mixture const mixture = testing::scattered_mixture(2, 8);
  Sde const sde = make_sde("ve");
  Span const span = span_of(sde);
  auto const points = points_of(mixture, 100, 4);
  auto const executor = adaptive_volume_executor<double>(mixture);
  auto const evaluations = [&](VolumeError volume_error) {
    Encoded const run = encode(*executor, *step_program_of("tsit5"), sde, span, points,
                               {.tolerance = {1e-6, 1e-6}, .volume_error = volume_error});
    EXPECT_LE(largest_error(mixture, sde, span, points, run), 2e-3);
    std::int64_t sum = 0;
    for (std::int64_t const count : run.evaluations) sum += count;
    return sum;
  };
  EXPECT_LT(evaluations(VolumeError::free), evaluations(VolumeError::controlled));
}

TEST(EncodeBySteps, GivesEveryPointWhatItGetsAlone) {
  Mixture const mixture = testing::correlated_mixture(2, 5);
  Sde const sde = make_sde("sub-vp");
  auto const points = points_of(mixture, 150, 4);
  auto const executor = adaptive_volume_executor<double>(mixture);
  auto const run = [&](std::vector<double> const& some) {
    return encode(*executor, *step_program_of("dopri5"), sde, span_of(sde), some);
  };
  Encoded const all = run(points);
  for (std::size_t const row : {std::size_t{0}, std::size_t{67}, std::size_t{149}}) {
    Encoded const alone = run({points[2 * row], points[2 * row + 1]});
    EXPECT_EQ(alone.change(0, 0), all.change(row, 0));
    EXPECT_EQ(alone.z(0, 1), all.z(row, 1));
  }
}

TEST(EncodeByAProgram, MovesThePointsToTheBitAsTheSamplerDoes) {
  for (Mixture const& mixture : mixtures()) {
    Sde const sde = make_sde("vp");
    Grid const grid = grids::log_snr{}(sde, 12, {1e-3, 0.9});
    auto const points = points_of(mixture, 100, 4);
    Encoded const run =
        encode(*volume_executor<double>(mixture), make_sampler("dpm-solver-3"), grid, points);
    HostArray<double> states("states", 100, points.size() / 100);
    std::copy(points.begin(), points.end(), states.data());
    Samples<double> const plain =
        sample<double>(mixture, make_sampler("dpm-solver-3"), grid,
                       {.samples = 100, .start = given_start<double>(states, 0)});
    EXPECT_EQ(run.evaluations[0], plain.evaluations);
    for (std::size_t row = 0; row < 100; ++row)
      ASSERT_EQ(row_of(run.z, row), row_of(plain.x, row)) << row;
  }
}

TEST(EncodeByAProgram, ConvergesOnEveryProcessAtTheOrderOfTheSampler) {
  Mixture const mixture = testing::correlated_mixture(2, 3);
  for (Entry<Sde> const& entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(entry.name);
    if (sde.at(sde.t_max()).alpha() == 0) continue;
    SCOPED_TRACE(sde.name());
    Span const span = span_of(sde);
    auto const points = points_of(mixture, 24, 2);
    double before = std::numeric_limits<double>::infinity();
    for (std::int64_t const steps : {64, 128, 256}) {
      Grid const grid = grids::log_snr{}(sde, steps, span);
      Encoded const run =
          encode(*volume_executor<double>(mixture), make_sampler("dpm-solver-3"), grid, points);
      double const error = largest_error(mixture, sde, span, points, run);
      EXPECT_LE(error, before / 5) << steps;
      before = error;
    }
    EXPECT_LE(before, 2e-4);
  }
}

// In kernels, what certify_likelihood() measures in plain loops. Order 4 takes more steps: with
// exp-ab-4 errors of two orders nearly cancel here at 64, where the slope is 3.4; it goes to 4.
TEST(EncodeByAProgram, HasTheOrderOfEverySampler) {
  Mixture const mixture = testing::correlated_mixture(2, 3);
  auto const executor = volume_executor<double>(mixture);
  int measured = 0;
  for (char const* const process : {"vp", "ve", "sub-vp"}) {
    Sde const sde = make_sde(process);
    Span const span{sde.at_lambda(1.1).t(), sde.at_lambda(-1.1).t()};
    auto const points = points_of(mixture, 24, 1);
    for (SamplerEntry const& entry : samplers()) {
      SamplerInfo const& info = entry.info;
      if (!info.order || *info.order > 4) continue;
      AnySampler const sampler = make_sampler(entry.name);
      if (traced_traits(sampler).solver != Solver::deterministic) continue;
      auto const error_at = [&](std::int64_t steps) {
        Grid const grid = grids::log_snr{}(sde, steps, span);
        return largest_error(mixture, sde, span, points, encode(*executor, sampler, grid, points));
      };
      std::int64_t const most = *info.order > 3 ? 1024 : 256;
      double const slope = std::log2(error_at(most / 2) / error_at(most));
      EXPECT_GE(slope, *info.order - 0.3) << process << ", " << entry.name;
      ++measured;
    }
  }
  EXPECT_GE(measured, 60);
}

TEST(EncodeByAProgram, RefusesWhatIsNoFlowFromDataToNoise) {
  Mixture const mixture = testing::scattered_mixture(2, 3);
  Sde const sde = make_sde("vp");
  Grid const up = grids::log_snr{}(sde, 4, {1e-3, 0.9});
  auto points = points_of(mixture, 4, 1);
  auto const executor = volume_executor<double>(mixture);
  EXPECT_THROW(encode(*executor, make_sampler("ddim"), up.reversed(), points), Error);
  EXPECT_THROW(
      encode(*executor, make_sampler("ddim"), Grid(make_sde("rectified-flow"), {0.1, 1}), points),
      Error);
  EXPECT_THROW(encode(*executor, make_sampler("euler-maruyama"), up, points), Error);
  EXPECT_THROW(encode(*executor, make_sampler("ddim"), up, std::vector{1., 2., 3.}), Error);
  points[5] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(encode(*executor, make_sampler("ddim"), up, points), Error);
}

TEST(EncodeBySteps, LeavesOutTheDivergencesThatNoWeightAsksFor) {
  // Dormand and Prince's and Cash and Karp's second stage have no weight, in either formula; the
  // first of the former is handed on and no evaluation of the step.
  EXPECT_EQ(step_program_of("dopri5")->unweighted, 0b1U);
  EXPECT_EQ(step_program_of("cash-karp54")->unweighted, 0b10U);
  EXPECT_EQ(step_program_of("tsit5")->unweighted, 0U);

  Mixture const mixture = *Target(eight_gaussians{}()).mixture();
  std::vector<double> const points = draw_rows(eight_gaussians{}(), 5, 0, 100);
  Sde const sde = make_sde("vp");
  auto const executor = adaptive_volume_executor<double>(mixture);
  for (char const* const solver : {"dopri5", "cash-karp54"}) {
    StepProgram step = *step_program_of(solver);
    Encoded const without = encode(*executor, step, sde, {1e-3, 1.0}, points);
    step.unweighted = 0;
    Encoded const with = encode(*executor, step, sde, {1e-3, 1.0}, points);
    for (std::size_t row = 0; row < 100; ++row)
      EXPECT_EQ(without.change(row, 0), with.change(row, 0)) << solver;
    step.unweighted = 0b100;  // the control: one that counts
    Encoded const wrong = encode(*executor, step, sde, {1e-3, 1.0}, points);
    EXPECT_NE(wrong.change(0, 0), with.change(0, 0)) << solver;
  }
}

}  // namespace
}  // namespace retrace
