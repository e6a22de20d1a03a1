// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <numbers>
#include <vector>

namespace retrace {

/// Roessler 2010, "Runge-Kutta methods for the strong approximation of solutions of stochastic
/// differential equations", Table 6.3: SRA1, strong order 1.5 for additive noise.
///
/// Applied where the noise of the reverse-time SDE is Brownian motion itself, u = x alpha / sigma^2
/// over the clock c = e^(2 lambda) (see ReverseSde): du = D dc + dW, D the denoised estimate. In
/// that clock g = 1, and steps of any size are stable. With H = c_t - c_s, W the path's increment
/// and J = int (W(c) - W(c_s)) dc,
///   v = u + 3/4 H D(u, c_s) + 3/2 J / H,
///   u' = u + H (D(u, c_s) / 3 + 2 D(v, c_s + 3/4 H) / 3) + W.
/// Draw 0 is the normalised increment of the path from s to t, draw 1 what J has besides, both
/// standard normals: W = sqrt(H) z0, J / H = sqrt(H) (z0 + z1 / sqrt(3)) / 2. That is, z1 sqrt(H /
/// 12) is the path's space-time Levy area over the interval, J / H - W / 2.
struct sra1 {
  static constexpr SamplerInfo info{
      .name = "sra1",
      .summary = "Roessler's stochastic Runge-Kutta method of strong order 1.5 for additive noise",
      .paper =
          "Roessler 2010, Runge-Kutta methods for the strong approximation of solutions of "
          "SDEs, Table 6.3",
      .weak_order = 2,
      .strong_order = 1.5,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<sra1>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      // All of u's equations times c_s^-1/2: in these units H is e^(2h) - 1, c_s is 1.
      double const h = std::expm1(2 * (t.lambda() - s.lambda()));
      NoiseLevel const m = grid.sde().at_lambda(s.lambda() + std::log1p(0.75 * h) / 2);
      double const lambda_s = s.lambda();
      auto const unit = [=](NoiseLevel const& level) {  // x of u = 1
        return level.sigma() * std::exp(lambda_s - level.lambda());
      };
      Vec const z0 = model.normal(s, t, 0), z1 = model.area(s, t, 1);
      Vec const w = std::sqrt(h) * z0;
      Vec const j = std::sqrt(h) / 2 * (z0 + z1 / std::numbers::sqrt3);
      Vec const u = x / unit(s);
      double const scale = s.alpha() / s.sigma();
      Vec const d0 = scale * model.denoised(x, s);
      Vec const v = u + 0.75 * h * d0 + 1.5 * j;
      Vec const d1 = scale * model.denoised(unit(m) * v, m);
      x = unit(t) * (u + h / 3 * d0 + 2 * h / 3 * d1 + w);
    }
    return x;
  }
};

}  // namespace retrace
