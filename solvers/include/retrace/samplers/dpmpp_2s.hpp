// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// Lu et al. 2022, "DPM-Solver++", Algorithm 1, with r = 1/2: the singlestep exponential integrator
/// of the data prediction, whose D is then the denoised estimate halfway in lambda.
struct dpmpp_2s {
  static constexpr SamplerInfo info{
      .name = "dpmpp-2s",
      .summary = "DPM-Solver++(2S): singlestep exponential integrator of the data prediction",
      .paper = "Lu et al. 2022, DPM-Solver++, Algorithm 1",
      .order = 2};
  static std::vector<Option<dpmpp_2s>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.lambda() - s.lambda();
      NoiseLevel const m = grid.between(s, t, 0.5);
      Vec const u =
          m.sigma() / s.sigma() * x - m.alpha() * std::expm1(-h / 2) * model.denoised(x, s);
      x = t.sigma() / s.sigma() * x - t.alpha() * std::expm1(-h) * model.denoised(u, m);
    }
    return x;
  }
};

}  // namespace retrace
