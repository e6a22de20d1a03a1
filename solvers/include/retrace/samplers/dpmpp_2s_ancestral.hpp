// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// k-diffusion's sample_dpmpp_2s_ancestral with eta = 1: DPM-Solver++(2S) (Lu et al. 2022,
/// Algorithm 1) with r = 1/2 down to rho_t^2 / rho_s, which is two steps h = lambda_t - lambda_s
/// below s, then noise back up to rho_t. Its stage is halfway down, at t itself.
struct dpmpp_2s_ancestral {
  static constexpr SamplerInfo info{
      .name = "dpmpp-2s-ancestral",
      .summary = "DPM-Solver++(2S) below the next level, then noise up to it",
      .paper = "Crowson 2022, k-diffusion, sample_dpmpp_2s_ancestral",
      .weak_order = 2,
      .strong_order = 1};
  static std::vector<Option<dpmpp_2s_ancestral>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.lambda() - s.lambda();
      Vec const u = t.sigma() / s.sigma() * x - t.alpha() * std::expm1(-h) * model.denoised(x, s);
      x = t.sigma() / s.sigma() * std::exp(-h) * x -
          t.alpha() * std::expm1(-2 * h) * model.denoised(u, t) +
          t.sigma() * std::sqrt(-std::expm1(-2 * h)) * model.normal(s, t);
    }
    return x;
  }
};

}  // namespace retrace
