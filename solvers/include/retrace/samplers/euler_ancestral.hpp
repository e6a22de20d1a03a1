// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// What ancestral methods make of a step in rho = sigma / alpha: a step of the ODE to `down`, noise
/// of `up` back to rho_t, down^2 + up^2 = rho_t^2, with eta = 1.
struct AncestralStep {
  double down, up;
  AncestralStep(NoiseLevel const& s, NoiseLevel const& t)
      : down(t.rho() * t.rho() / s.rho()),
        up(t.rho() * std::sqrt(-std::expm1(2 * (s.lambda() - t.lambda())))) {}
};

/// k-diffusion's sample_euler_ancestral with eta = 1, in y = x / alpha and rho = sigma / alpha: an
/// Euler step of the ODE down to
///   rho_down = sqrt(rho_t^2 - rho_up^2) = rho_t^2 / rho_s,
/// then noise of rho_up = rho_t sqrt(1 - rho_t^2 / rho_s^2) back up to rho_t.
///
/// This is ancestral sampling, and ddim:eta=1, on every SDE: rho_down / rho_s is SNR_s / SNR_t.
struct euler_ancestral {
  static constexpr SamplerInfo info{
      .name = "euler-ancestral",
      .summary = "an Euler step below the next level, then noise up to it",
      .paper = "Crowson 2022, k-diffusion, sample_euler_ancestral",
      .weak_order = 1,
      .strong_order = 1};
  static std::vector<Option<euler_ancestral>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      auto const [down, up] = AncestralStep(s, t);
      Vec const y = x / s.alpha();
      Vec const slope = (y - model.denoised(x, s)) / s.rho();
      x = t.alpha() * (y + (down - s.rho()) * slope + up * model.normal(s, t));
    }
    return x;
  }
};

}  // namespace retrace
