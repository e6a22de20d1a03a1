// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/phi.hpp>
#include <retrace/samplers/sampler_info.hpp>

#include <vector>

namespace retrace {

/// DPM-Solver++(3M), as in Lu et al.'s code (multistep_dpm_solver_third_update) and k-diffusion:
/// the exponential integrator in lambda of the parabola through the last three denoised estimates,
/// with r_j = h_j / h the earlier steps over this one,
///   x_t = sigma_t / sigma_s x + alpha_t h (phi_1 x0 + phi_2 d1 + 2 phi_3 d2) at -h.
///
/// Two departures from these codes, without either of which it is of second order: d2 = (d1_0 -
/// d1_1) / (r_0 + r_1) is half of the second derivative, so that its factor is 2 phi_3 where they
/// have phi_3; and its start keeps the order (see FirstSteps).
struct dpmpp_3m {
  FirstSteps start = FirstSteps::full;
  LastSteps final = LastSteps::full;

  static constexpr SamplerInfo info{
      .name = "dpmpp-3m",
      .summary = "DPM-Solver++(3M): multistep exponential integrator of the data prediction",
      .paper = "Lu et al. 2022, DPM-Solver++, and its code, multistep order 3",
      .order = 3,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<dpmpp_3m>> options() {
    return {start_option<dpmpp_3m>(), last_steps_option<dpmpp_3m>()};
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    Answers x0(3);
    double h_0 = 0, h_1 = 0;  // the last step and the one before
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.lambda() - s.lambda();
      x0.add(s, model.denoised(x, s));
      if (start == FirstSteps::full && !x0.complete()) {
        x = starting_step(3, Prediction::denoised, model, grid, s, t, x);
      } else {
        int const order = order_at(i, grid, x0.count(), final);
        Vec integral = phi(1, -h) * x0[0];
        if (order >= 2) {
          double const r_0 = h_0 / h, r_1 = h_1 / h;
          Vec d1 = (x0[0] - x0[1]) / r_0;
          if (order >= 3) {
            Vec const d1_0 = d1, d1_1 = (x0[1] - x0[2]) / r_1;
            Vec const d2 = (d1_0 - d1_1) / (r_0 + r_1);
            d1 = d1_0 + r_0 * d2;
            integral = integral + 2 * phi(3, -h) * d2;
          }
          integral = integral + phi(2, -h) * d1;
        }
        x = t.sigma() / s.sigma() * x + t.alpha() * h * integral;
      }
      h_1 = h_0;
      h_0 = h;
    }
    return x;
  }
};

}  // namespace retrace
