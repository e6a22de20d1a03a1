// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

namespace retrace {

/// Karras et al. 2022, "Elucidating the design space of diffusion-based generative models",
/// Algorithm 2, in y = x / alpha and rho = sigma / alpha, in which every SDE reads dy/drho = (y -
/// x0(y)) / rho.
///
/// churn > 0 adds noise before a step, draw 0 of the step; it is left out where the run leaves out
/// the last noise. The step to sigma = 0 is the tracer's, without churn: its noise would not be
/// removed again.
struct edm_heun {
  double churn = 0, s_noise = 1, s_tmin = 0, s_tmax = 1e10;

  static constexpr SamplerInfo info{
      .name = "edm-heun",
      .summary = "Heun's method on the probability-flow ODE in sigma / alpha, with optional churn",
      .paper = "Karras et al. 2022, Elucidating the design space, Algorithm 2",
      .order = 2,
      .grid = {.exploding = "karras"}};
  static std::vector<Option<edm_heun>> options() {
    return {real_option("churn", &edm_heun::churn, Range::at_least(0), "noise added, S_churn"),
            real_option("s_noise", &edm_heun::s_noise, Range::positive(), "scale of that noise"),
            real_option("s_tmin", &edm_heun::s_tmin, Range::at_least(0), "smallest rho with churn"),
            real_option("s_tmax", &edm_heun::s_tmax, Range::at_least(0), "largest rho with churn")};
  }

  /// One step from y at s to x at t.
  static Vec step(Recorder& model, Vec const& y, NoiseLevel const& s, NoiseLevel const& t) {
    double const h = t.rho() - s.rho();
    Vec const slope = (y - model.denoised(s.alpha() * y, s)) / s.rho();
    Vec const euler = y + h * slope;
    Vec const slope_there = (euler - model.denoised(t.alpha() * euler, t)) / t.rho();
    return t.alpha() * (y + h / 2 * (slope + slope_there));
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    double const most =
        std::min(churn / static_cast<double>(grid.count()), std::numbers::sqrt2 - 1);
    for (auto const [s, t, i] : grid.steps()) {
      NoiseLevel hat = s;
      Vec y = x / s.alpha();
      double const gamma = s_tmin <= s.rho() && s.rho() <= s_tmax ? most : 0;
      if (gamma > 0) {
        NoiseLevel const noisier = grid.sde().at_lambda(s.lambda() - std::log1p(gamma));
        if (Vec const z = model.normal(s, noisier)) {
          y = y + s_noise * s.rho() * std::sqrt(gamma * (2 + gamma)) * z;
          hat = noisier;
        }
      }
      x = step(model, y, hat, t);
    }
    return x;
  }
};

}  // namespace retrace
