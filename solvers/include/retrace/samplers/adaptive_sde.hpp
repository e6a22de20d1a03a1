// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// Heun's method on the reverse-time SDE where its noise is Brownian motion itself, u = x alpha /
/// sigma^2 over the clock c = e^(2 lambda) (see ReverseSde), du = D dc + dW: the mean of the
/// denoised estimates at both ends, the second one taken after the whole step of Euler's method,
/// noise included (Kloeden and Platen 1992, Section 15.1),
///   v = u + H D(u, c_s) + W,    u' = u + H (D(u, c_s) + D(v, c_t)) / 2 + W,    H = c_t - c_s.
/// Euler's step here is ancestral sampling, and in x, q = c_s / c_t,
///   x_v = (sigma_t^2 / alpha_t) (alpha_s / sigma_s^2) x + alpha_t (1 - q) D + sigma_t sqrt(1 - q)
///   z,
///   x'  = x_v + alpha_t (1 - q) (D(x_v, t) - D(x, s)) / 2.
/// The last term is its estimate of the error, by which the adaptive sampler chooses the steps of
/// each sample (run/adaptive_sde.hpp), on one Brownian path: what is traced here is the method with
/// the steps of a grid.
struct adaptive_sde {
  static constexpr SamplerInfo info{
      .name = "adaptive-sde",
      .summary = "Heun's method on the reverse-time SDE over the signal-to-noise ratio, adaptive",
      .paper =
          "Kloeden, Platen 1992, Numerical solution of SDEs, Section 15.1; Foster, Jelincic 2024, "
          "On the convergence of adaptive approximations for SDEs",
      .weak_order = 2,
      .strong_order = 1,
      .stepping = Stepping::adaptive,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<adaptive_sde>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      double const lost = -std::expm1(2 * (s.lambda() - t.lambda()));  // 1 - c_s / c_t
      double const kept = t.sigma() / s.sigma() * std::exp(s.lambda() - t.lambda());
      Vec const d = model.denoised(x, s);
      Vec const v =
          kept * x + t.alpha() * lost * d + t.sigma() * std::sqrt(lost) * model.normal(s, t);
      x = v + t.alpha() * lost / 2 * (model.denoised(v, t) - d);
    }
    return x;
  }
};

}  // namespace retrace
