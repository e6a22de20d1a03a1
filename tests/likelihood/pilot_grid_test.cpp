// SPDX-License-Identifier: Apache-2.0
#include "smooth_network.hpp"

#include <retrace/core/error.hpp>
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/pilot_grid.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/sde/angle.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/draw_rows.hpp>
#include <retrace/targets/registry.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace retrace {
namespace {

constexpr std::int64_t n = 400;

/// Root mean square.
double distance(std::vector<double> const& a, std::vector<double> const& b) {
  double square = 0;
  for (std::size_t i = 0; i < a.size(); ++i) square += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(square / static_cast<double>(a.size()));
}

std::vector<double> exact(Target const& target, Sde const& sde, std::vector<double> const& points) {
  return log_likelihood(target, sde, "dopri5", points,
                        {.encode = {.tolerance = {1e-11, 1e-11}}, .budget = Budget::none})
      .logp;
}

std::vector<double> on_grid(Target const& target, std::string const& sampler, Grid const& grid,
                            std::vector<double> const& points) {
  return log_likelihood(target, sampler, grid, points, {.budget = Budget::none}).logp;
}

TEST(PilotGrid, KeepsTheErrorAimedAtOnAllPoints) {
  Target const target = make_target("eight-gaussians");
  auto const points = draw_rows(target, 5, 0, n);
  std::string const sampler(pilot_sampler);
  for (char const* const process : {"vp", "ve", "sub-vp", "edm", "cosine"}) {
    Sde const sde = make_sde(process);
    auto const truth = exact(target, sde, points);
    for (double const aim : {1e-3, 1e-5}) {
      SCOPED_TRACE(std::string(process) + ", aim " + std::to_string(aim));
      PilotGrid const found = pilot_grid(target, sde, sampler, points, {.error = aim});
      EXPECT_LE(found.error, aim);
      EXPECT_EQ(found.points, 32);
      auto const count = found.grid.count();
      double const error = distance(on_grid(target, sampler, found.grid, points), truth);
      EXPECT_LT(error, 2 * aim);
      // Not by many steps: half of them miss the aim.
      Grid const half =
          pilot_grid(target, sde, sampler, points, {.error = aim, .steps = count / 2}).grid;
      EXPECT_EQ(half.count(), count / 2);
      EXPECT_GT(distance(on_grid(target, sampler, half, points), truth), aim);
    }
  }
}

TEST(PilotGrid, PutsStepsWhereTheyAreNeeded) {
  Target const target = make_target("eight-gaussians");
  auto const points = draw_rows(target, 6, 0, n);
  for (char const* const process : {"vp", "ve"})
    for (std::string const& sampler : {std::string(pilot_sampler), std::string("dpm-solver-3")}) {
      SCOPED_TRACE(std::string(process) + ", " + sampler);
      Sde const sde = make_sde(process);
      auto const truth = exact(target, sde, points);
      Grid const piloted = pilot_grid(target, sde, sampler, points, {.steps = 60}).grid;
      Grid const even = grids::log_snr{}(sde, 60, {piloted.time(0), piloted.time(60)});
      EXPECT_LT(distance(on_grid(target, sampler, piloted, points), truth),
                0.7 * distance(on_grid(target, sampler, even, points), truth));
    }
}

TEST(PilotGrid, IsOfNetworksToo) {
  Sde const sde = make_sde("vp");
  Network const network = smooth_network(2);
  auto const points = draw_rows(make_target("gaussian"), 7, 0, n);
  Span const span{1e-2, 0.95};
  std::vector<double> const truth =
      log_likelihood(
          network, sde, "dopri5", points,
          {.span = span, .encode = {.tolerance = {1e-10, 1e-10}}, .budget = Budget::none})
          .logp;
  for (Arithmetic const arithmetic : {Arithmetic::in_double, Arithmetic::in_float}) {
    PilotGrid const found = pilot_grid(network, sde, pilot_sampler, points,
                                       {.error = 1e-3, .span = span, .arithmetic = arithmetic});
    Likelihood const run = log_likelihood(network, pilot_sampler, found.grid, points,
                                          {.budget = Budget::full, .arithmetic = arithmetic});
    EXPECT_LT(distance(run.logp, truth), 2e-3);
    for (std::size_t i = 0; i < truth.size(); ++i)
      EXPECT_LE(std::abs(run.logp[i] - truth[i]), run.error.ode[i] + 1e-5) << i;
  }
}

TEST(PilotGrid, SaysWhereTheAimCannotBeHad) {
  Target const target = make_target("eight-gaussians");
  auto const points = draw_rows(target, 11, 0, 40);
  PilotGrid const found = pilot_grid(target, make_sde("vp"), pilot_sampler, points,
                                     {.error = 1e-9, .arithmetic = Arithmetic::in_float});
  EXPECT_GT(found.error, 1e-9);
  EXPECT_LT(found.error, 1e-4);
  EXPECT_LT(found.grid.count(), 10'000);
  // So few steps that a fifth order is lost; asked for, they are given, with their error.
  PilotGrid const coarse = pilot_grid(target, make_sde("vp"), pilot_sampler, points, {.steps = 9});
  EXPECT_GT(coarse.error, 1);
}

TEST(PilotGrid, IsAFunctionOfThePilotsAlone) {
  Target const target = make_target("moons");
  Sde const sde = make_sde("vp");
  auto points = draw_rows(target, 8, 0, n);
  PilotOptions const options{.error = 1e-3, .points = 10};
  PilotGrid const first = pilot_grid(target, sde, pilot_sampler, points, options);
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i)
    if (i % 40 != 0) points[2 * i] += 1;
  PilotGrid const second = pilot_grid(target, sde, pilot_sampler, points, options);
  ASSERT_EQ(first.grid.count(), second.grid.count());
  for (std::int64_t k = 0; k <= first.grid.count(); ++k)
    EXPECT_EQ(first.grid.time(k), second.grid.time(k));
  EXPECT_EQ(first.error, second.error);
  EXPECT_GT(first.evaluations, 50);
}

TEST(PilotGrid, RefusesWhatHasNoPilots) {
  Target const target = make_target("eight-gaussians");
  Sde const sde = make_sde("vp");
  auto const points = draw_rows(target, 9, 0, 40);
  EXPECT_THROW((void)pilot_grid(target, sde, pilot_sampler, points, {.error = 0}), Error);
  EXPECT_THROW((void)pilot_grid(target, sde, pilot_sampler, points, {.error = std::nan("")}),
               Error);
  EXPECT_THROW((void)pilot_grid(target, sde, pilot_sampler, points, {.points = 0}), Error);
  EXPECT_THROW((void)pilot_grid(target, sde, pilot_sampler, {}), Error);
  EXPECT_THROW((void)pilot_grid(target, sde, pilot_sampler, points, {.steps = 0}), Error);
  EXPECT_THROW((void)pilot_grid(target, sde, "euler-maruyama", points), Error);
  EXPECT_THROW((void)pilot_grid(target, make_sde("rectified-flow"), pilot_sampler, points), Error);
  EXPECT_THROW((void)pilot_grid(make_target("checkerboard"), sde, pilot_sampler, points), Error);
}

TEST(KeptSteps, EndWhereARunTookThem) {
  Target const target = make_target("eight-gaussians");
  Sde const sde = make_sde("vp");
  Span const span{1e-4, 1.0};
  auto const points = draw_rows(target, 10, 0, 50);
  auto const executor = adaptive_volume_executor<double>(*target.mixture());
  auto const run = [&](int kept) {
    return encode(*executor, *step_program_of("dopri5"), sde, span, points, {.kept_steps = kept});
  };
  Encoded const all = run(200), few = run(5), none = run(0);
  EXPECT_TRUE(none.angles.empty());
  for (std::size_t row = 0; row < 50; ++row) {
    auto const steps = static_cast<std::size_t>(all.steps[row]);
    ASSERT_GT(steps, 5U);
    auto const* const ends = &all.angles[row * 200];
    EXPECT_GT(ends[0], angle_of(sde.at(1e-4)));
    EXPECT_TRUE(std::is_sorted(ends, ends + steps));
    EXPECT_EQ(ends[steps - 1], angle_of(sde.at(1.0)));
    for (std::size_t k = 0; k < 5; ++k) EXPECT_EQ(few.angles[row * 5 + k], ends[k]);
    EXPECT_EQ(none.change(row, 0), all.change(row, 0));
  }
}

}  // namespace
}  // namespace retrace
