// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// Lu et al. 2022, "DPM-Solver++", Algorithm 2: the exponential integrator in lambda with the
/// denoised estimate extrapolated linearly from the last two levels. Starts with one first-order
/// step, as the paper and k-diffusion do; that does not change the order.
struct dpmpp_2m {
  LastSteps final = LastSteps::full;

  static constexpr SamplerInfo info{
      .name = "dpmpp-2m",
      .summary = "DPM-Solver++(2M): multistep exponential integrator of the data prediction",
      .paper = "Lu et al. 2022, DPM-Solver++, Algorithm 2",
      .order = 2,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<dpmpp_2m>> options() { return {last_steps_option<dpmpp_2m>()}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    Vec before;
    double h_before = 0;
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.lambda() - s.lambda();
      Vec const x0 = model.denoised(x, s);
      bool const second_order = before && order_at(i, grid, 2, final) == 2;
      Vec const middle = second_order ? x0 + h / (2 * h_before) * (x0 - before) : x0;
      x = t.sigma() / s.sigma() * x - t.alpha() * std::expm1(-h) * middle;
      before = x0;
      h_before = h;
    }
    return x;
  }
};

}  // namespace retrace
