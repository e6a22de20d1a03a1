// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>
#include <retrace/samplers/phi.hpp>

#include <cassert>
#include <vector>

namespace retrace {

/// The probability-flow ODE over one step, solved but for the model, with h = lambda_t - lambda_s
/// and m the prediction at lambda_s + u h (Lu et al. 2022, DPM-Solver, prop. 3.1, and DPM-Solver++,
/// prop. 4.1):
///   x_t = keep x_s + gain int_0^1 e^{(1 - u) z} m(u) du.
/// Noise: keep = alpha_t / alpha_s, gain = -sigma_t h, z = h. Denoised: keep = sigma_t / sigma_s,
/// gain = alpha_t h, z = -h.
struct ExponentialStep {
  ExponentialStep(Prediction prediction, NoiseLevel const& s, NoiseLevel const& t)
      : h(t.lambda() - s.lambda()) {
    assert(prediction == Prediction::noise || prediction == Prediction::denoised);
    bool const noise = prediction == Prediction::noise;
    keep = noise ? t.alpha() / s.alpha() : t.sigma() / s.sigma();
    gain = noise ? -t.sigma() * h : t.alpha() * h;
    z = noise ? h : -h;
  }

  [[nodiscard]] std::vector<double> moments(int count) const {
    return exponential_moments(z, count);
  }

  double h, keep, gain, z;
};

}  // namespace retrace
