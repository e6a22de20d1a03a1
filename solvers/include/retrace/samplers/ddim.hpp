// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// Song, Meng and Ermon 2021, "Denoising diffusion implicit models", eq. 12 and 16: from s to t,
///   x_t = alpha_t x0 + sqrt(sigma_t^2 - u^2) epsilon + u z,    u = eta sigma_t sqrt(1 - SNR_s /
///   SNR_t).
/// eta = 0 is the probability-flow ODE by the exponential Euler method, eta = 1 ancestral sampling.
struct ddim {
  double eta = 0;

  static constexpr SamplerInfo info{
      .name = "ddim",
      .summary = "denoised estimate and noise put together again at the next level",
      .paper = "Song, Meng, Ermon 2021, Denoising diffusion implicit models, eq. 12 and 16",
      .order = 1};
  static std::vector<Option<ddim>> options() {
    return {real_option("eta", &ddim::eta, Range{.low = 0, .high = 1},
                        "share of ancestral sampling's noise")};
  }

  /// One step with eta = 0. lambda need not exist: rectified flow starts at alpha = 0.
  static Vec step(Recorder& model, Vec const& x, NoiseLevel const& s, NoiseLevel const& t) {
    Vec const x0 = model.denoised(x, s), epsilon = model.noise(x, s);
    return t.alpha() * x0 + t.sigma() * epsilon;
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      if (eta == 0) {
        x = step(model, x, s, t);
      } else {
        Vec const x0 = model.denoised(x, s), epsilon = model.noise(x, s);
        double const u = eta * t.sigma() * std::sqrt(-std::expm1(2 * (s.lambda() - t.lambda())));
        x = t.alpha() * x0 + std::sqrt(t.sigma() * t.sigma() - u * u) * epsilon +
            u * model.normal(s, t);
      }
    }
    return x;
  }
};

}  // namespace retrace
