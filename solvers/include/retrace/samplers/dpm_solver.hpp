// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/phi.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <array>
#include <cmath>
#include <vector>

namespace retrace {

/// Lu et al. 2022, "DPM-Solver": singlestep exponential integrators of the noise prediction in
/// lambda. Order 1 is eq. 3.7 (ddim), order 2 Algorithm 1 with r1 = 1/2, order 3 Algorithm 2 with
/// r1 = 1/3, r2 = 2/3.
template <int Order>
struct dpm_solver {
  static_assert(Order >= 1 && Order <= 3);
  static constexpr SamplerInfo info{
      .name = std::array{"dpm-solver-1", "dpm-solver-2", "dpm-solver-3"}[Order - 1],
      .summary = "DPM-Solver: singlestep exponential integrator of the noise prediction",
      .paper = std::array{"Lu et al. 2022, DPM-Solver, eq. 3.7",
                          "Lu et al. 2022, DPM-Solver, Algorithm 1",
                          "Lu et al. 2022, DPM-Solver, Algorithm 2"}[Order - 1],
      .order = Order};
  static std::vector<Option<dpm_solver>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.lambda() - s.lambda();
      Vec const e = model.noise(x, s);
      if constexpr (Order == 1) {
        x = first_order(x, s, t, h, e);
      } else if constexpr (Order == 2) {
        NoiseLevel const m = grid.between(s, t, 0.5);
        x = first_order(x, s, t, h, model.noise(first_order(x, s, m, h / 2, e), m));
      } else {
        double const r1 = 1. / 3, r2 = 2. / 3;
        NoiseLevel const s1 = grid.between(s, t, r1), s2 = grid.between(s, t, r2);
        Vec const d1 = model.noise(first_order(x, s, s1, r1 * h, e), s1) - e;
        // The paper's expm1(z) / z - 1 is z phi_2(z), which does not cancel for small z.
        Vec const u2 = first_order(x, s, s2, r2 * h, e) -
                       s2.sigma() * r2 / r1 * (r2 * h) * phi(2, r2 * h) * d1;
        Vec const d2 = model.noise(u2, s2) - e;
        x = first_order(x, s, t, h, e) - t.sigma() / r2 * h * phi(2, h) * d2;
      }
    }
    return x;
  }

 private:
  static Vec first_order(Vec const& x, NoiseLevel const& s, NoiseLevel const& t, double h,
                         Vec const& e) {
    return t.alpha() / s.alpha() * x - t.sigma() * std::expm1(h) * e;
  }
};

}  // namespace retrace
