// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/reverse_sde.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// SDE-DPM-Solver++(2S): k-diffusion's sample_dpmpp_sde, after Lu et al. 2022, DPM-Solver++,
/// Section 5. A stage at m, the fraction r of the way from s to t in lambda.
///
/// Both stages follow one Brownian path: draw 0 is its increment from s to m, draw 1 that from m to
/// t, and the noise of the whole step is built from both. With noise of its own for the second
/// stage the weak order falls to 1. k-diffusion reads its path over sigma, so that its two noises
/// are correlated nearly, not exactly, as the SDE's are.
///
/// eta is the one of ReverseSde, as in dpmpp-2m-sde; k-diffusion's is its square root for small
/// steps. eta = 0 is DPM-Solver++(2S).
struct dpmpp_sde {
  double eta = 1, r = 0.5;

  static constexpr SamplerInfo info{
      .name = "dpmpp-sde",
      .summary = "SDE-DPM-Solver++(2S): two stages on one Brownian path",
      .paper =
          "Lu et al. 2022, DPM-Solver++, Section 5; Crowson 2022, k-diffusion, "
          "sample_dpmpp_sde",
      .weak_order = 2,
      .strong_order = 1,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<dpmpp_sde>> options() {
    return {real_option("eta", &dpmpp_sde::eta, Range::at_least(0),
                        "noise: 1 the SDE's, 0 none (the ODE)"),
            real_option("r", &dpmpp_sde::r, {.low = 0.1, .high = 0.9},
                        "where the stage is between the levels, in lambda")};
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    ReverseSde const sde{eta};
    for (auto const [s, t, i] : grid.steps()) {
      NoiseLevel const m = grid.between(s, t, r);
      Vec to_m, to_t;  // the path's noise from s
      if (eta > 0) {
        to_m = sde.noise(s, m) * model.normal(s, m, 0);
        to_t = sde.kept(m, t) * to_m + sde.noise(m, t) * model.normal(m, t, 1);
      }
      Vec const x0 = model.denoised(x, s);
      Vec const u = sde.kept(s, m) * x - m.alpha() * std::expm1(-sde.length(s, m)) * x0 + to_m;
      Vec const middle = (1 - 1 / (2 * r)) * x0 + 1 / (2 * r) * model.denoised(u, m);
      x = sde.kept(s, t) * x - t.alpha() * std::expm1(-sde.length(s, t)) * middle + to_t;
    }
    return x;
  }
  [[nodiscard]] double tau_squared(NoiseLevel const& /*s*/) const { return eta; }
};

}  // namespace retrace
