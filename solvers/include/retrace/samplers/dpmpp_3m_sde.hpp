// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/phi.hpp>
#include <retrace/samplers/reverse_sde.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// k-diffusion's sample_dpmpp_3m_sde: the denoised estimate of ReverseSde extrapolated by the
/// parabola through the last three levels. k-diffusion gives the parabola's second difference
/// phi_3; the integral is 2 phi_3, and that is what stands here.
///
/// Starts with one step of first order and one of second, as k-diffusion does. The weak order is 2
/// with any start: what three levels cannot see is the noise within the step. With eta = 0 the
/// start leaves second order, where a start of full order would give third.
struct dpmpp_3m_sde {
  double eta = 1;

  static constexpr SamplerInfo info{.name = "dpmpp-3m-sde",
                                    .summary = "DPM-Solver++(3M) on the reverse SDE",
                                    .paper = "Crowson 2022, k-diffusion, sample_dpmpp_3m_sde",
                                    .weak_order = 2,
                                    .strong_order = 1,
                                    .grid = {.preserving = "log-snr"}};
  static std::vector<Option<dpmpp_3m_sde>> options() {
    return {real_option("eta", &dpmpp_3m_sde::eta, Range::at_least(0),
                        "noise: 1 the SDE's, 0 none (the ODE)")};
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    ReverseSde const sde{eta};
    Vec one_before, two_before;
    double h1 = 0, h2 = 0;  // the steps before this one
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.lambda() - s.lambda(), a = sde.length(s, t);
      Vec const x0 = model.denoised(x, s);
      x = sde.kept(s, t) * x - t.alpha() * std::expm1(-a) * x0;
      if (two_before) {
        double const r0 = h1 / h, r1 = h2 / h;
        Vec const d0 = (x0 - one_before) / r0, d1 = (one_before - two_before) / r1;
        Vec const second = (d0 - d1) / (r0 + r1), first = d0 + r0 * second;
        x = x + t.alpha() * a * (phi(2, -a) * first + 2 * phi(3, -a) * second);
      } else if (one_before) {
        x = x + t.alpha() * a * phi(2, -a) * h / h1 * (x0 - one_before);
      }
      if (eta > 0) x = x + sde.noise(s, t) * model.normal(s, t);
      two_before = one_before;
      one_before = x0;
      h2 = h1;
      h1 = h;
    }
    return x;
  }
  [[nodiscard]] double tau_squared(NoiseLevel const& /*s*/) const { return eta; }
};

}  // namespace retrace
