// SPDX-License-Identifier: Apache-2.0

// What certificates measure on a mixture, on samplers with a fault. Each is of second order without
// it; one fault does not show on Gaussian data.
#include <retrace/exact/moments.hpp>
#include <retrace/exact/point_law.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/samplers/reverse_sde.hpp>
#include <retrace/sde/registry.hpp>

#include <exact/planted_samplers.hpp>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string_view>

namespace retrace {
namespace {

NormalMixture const mixture{{0.6, 0.4}, {{-0.6, 0.3}, {0.7, 0.2}}};
constexpr Normal gaussian{0.7, 0.25};

struct Orders {
  double linear, nonlinear;
};

Orders orders(AnySampler const& sampler, std::string_view sde_name = "vp") {
  Sde const sde = make_sde(sde_name);
  Orders errors[2]{};
  for (int half = 0; half < 2; ++half) {
    Grid const grid = make_grid("log-snr", sde, std::int64_t{64} << half, {0.5, 0.1});
    NoiseLevel const end = grid.level(grid.count());
    errors[half] = {
        wasserstein2(moments(sampler, grid, gaussian, marginal(gaussian, grid.level(0))),
                     marginal(gaussian, end)),
        weak_distance(point_law(sampler, grid, mixture), marginal(mixture, end))};
  }
  return {std::log2(errors[0].linear / errors[1].linear),
          std::log2(errors[0].nonlinear / errors[1].nonlinear)};
}

/// Heun's method over the clock e^(2 lambda), as in samplers/adaptive_sde.hpp, with `extra` times
/// the step's noise, independent of it, in the stage besides.
AnySampler heun(double extra) {
  return {[=](Recorder& model, Grid const& grid, Vec x) {
    for (auto const [s, t, i] : grid.steps()) {
      ReverseSde const sde;
      double const lost = -std::expm1(-sde.length(s, t));
      Vec const d = model.denoised(x, s);
      Vec const v =
          sde.kept(s, t) * x + t.alpha() * lost * d + sde.noise(s, t) * model.normal(s, t);
      Vec stage = v;
      if (extra > 0) stage = v + extra * sde.noise(s, t) * model.normal(s, t, 1);
      x = v + t.alpha() * lost / 2 * (model.denoised(stage, t) - d);
    }
    return x;
  }};
}

TEST(NonlinearWeakOrder, FallsToOneWhereAStageIsTooNoisyThoughTheLinearOrderIsTwo) {
  Orders const right = orders(heun(0)), wrong = orders(heun(1));
  EXPECT_NEAR(right.linear, 2, 0.1);
  EXPECT_NEAR(right.nonlinear, 2, 0.1);
  EXPECT_NEAR(wrong.linear, 2, 0.1);
  EXPECT_NEAR(wrong.nonlinear, 1, 0.1);
}

TEST(NonlinearWeakOrder, FallsToOneWhereStagesHaveNoiseOfTheirOwn) {
  EXPECT_NEAR(orders(AnySampler(testing::own_noise_stages)).nonlinear, 1, 0.15);
  EXPECT_NEAR(orders(make_sampler("dpmpp-sde")).nonlinear, 2, 0.1);
}

TEST(NonlinearWeakOrder, FallsToOneWhereHeunTakesTheNoiseOfTheStepsStart) {
  EXPECT_NEAR(orders(AnySampler(testing::early_noise_heun)).nonlinear, 1, 0.15);
  EXPECT_NEAR(orders(make_sampler("stochastic-heun")).nonlinear, 2, 0.1);
}

}  // namespace
}  // namespace retrace
