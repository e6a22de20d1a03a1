// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/phi.hpp>
#include <retrace/samplers/reverse_sde.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// SDE-DPM-Solver++(2M) (Lu et al. 2022, DPM-Solver++, Section 5; k-diffusion's
/// sample_dpmpp_2m_sde): dpmpp-2m's extrapolation of the denoised estimate on ReverseSde, with the
/// estimate taken halfway (midpoint), or linear in lambda (heun, as k-diffusion calls it). Starts
/// with one first-order step; that does not change the order.
struct dpmpp_2m_sde {
  enum class Type { midpoint, heun } type = Type::midpoint;
  double eta = 1;

  static constexpr SamplerInfo info{
      .name = "dpmpp-2m-sde",
      .summary = "SDE-DPM-Solver++(2M): multistep exponential integrator of the reverse SDE",
      .paper =
          "Lu et al. 2022, DPM-Solver++, Section 5; Crowson 2022, k-diffusion, "
          "sample_dpmpp_2m_sde",
      .weak_order = 2,
      .strong_order = 1,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<dpmpp_2m_sde>> options() {
    return {choice_option<dpmpp_2m_sde, Type>("type", &dpmpp_2m_sde::type,
                                              {{"midpoint", Type::midpoint}, {"heun", Type::heun}},
                                              "how the estimate is extrapolated"),
            real_option("eta", &dpmpp_2m_sde::eta, Range::at_least(0),
                        "noise: 1 the SDE's, 0 none (the ODE)")};
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    ReverseSde const sde{eta};
    Vec before;
    double h_before = 0;
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.lambda() - s.lambda(), a = sde.length(s, t);
      Vec const x0 = model.denoised(x, s);
      x = sde.kept(s, t) * x - t.alpha() * std::expm1(-a) * x0;
      if (before) {
        double const slope = type == Type::midpoint ? -std::expm1(-a) / 2 : a * phi(2, -a);
        x = x + t.alpha() * slope * h / h_before * (x0 - before);
      }
      if (eta > 0) x = x + sde.noise(s, t) * model.normal(s, t);
      before = x0;
      h_before = h;
    }
    return x;
  }
  [[nodiscard]] double tau_squared(NoiseLevel const& /*s*/) const { return eta; }
};

}  // namespace retrace
