// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/euler_ancestral.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <vector>

namespace retrace {

/// k-diffusion's sample_dpm_2_ancestral with eta = 1, in y = x / alpha and rho = sigma / alpha: a
/// midpoint step of the ODE down to rho_down = rho_t^2 / rho_s, then noise of
/// rho_up = rho_t sqrt(1 - rho_t^2 / rho_s^2) back up to rho_t. Halfway down in log rho is rho_t
/// itself: that is where the midpoint's evaluation is.
struct dpm2_ancestral {
  static constexpr SamplerInfo info{
      .name = "dpm2-ancestral",
      .summary = "a midpoint step below the next level, then noise up to it",
      .paper = "Crowson 2022, k-diffusion, sample_dpm_2_ancestral",
      .weak_order = 2,
      .strong_order = 1};
  static std::vector<Option<dpm2_ancestral>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      auto const [down, up] = AncestralStep(s, t);
      Vec const y = x / s.alpha();
      Vec const slope = (y - model.denoised(x, s)) / s.rho();
      Vec const middle = y + (t.rho() - s.rho()) * slope;
      Vec const slope_there = (middle - model.denoised(t.alpha() * middle, t)) / t.rho();
      x = t.alpha() * (y + (down - s.rho()) * slope_there + up * model.normal(s, t));
    }
    return x;
  }
};

}  // namespace retrace
