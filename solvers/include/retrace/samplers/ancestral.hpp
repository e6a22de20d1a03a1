// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/error.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// Ho et al. 2020, "Denoising diffusion probabilistic models", eq. 6 and 7: the Gaussian posterior
/// of x_t given x_s and the denoised estimate, for any alpha and sigma. With r = SNR_s / SNR_t,
///   x_t = r (alpha_t / alpha_s) x_s + alpha_t (1 - r) x0 + sigma_t sqrt(1 - r) z.
/// x0 is not clipped.
struct ancestral {
  enum class Variance { small, large } variance = Variance::small;

  static constexpr SamplerInfo info{
      .name = "ancestral",
      .summary = "DDPM's ancestral sampling: the posterior given the denoised estimate",
      .paper = "Ho et al. 2020, Denoising diffusion probabilistic models, eq. 6-7",
      .weak_order = 1,
      .strong_order = 1};
  static std::vector<Option<ancestral>> options() {
    return {choice_option<ancestral, Variance>(
        "variance", &ancestral::variance, {{"small", Variance::small}, {"large", Variance::large}},
        "the posterior's, or the chain's beta (ddpm only)")};
  }

  /// One step with the noise z, variance=small.
  static Vec step(Recorder& model, Vec const& x, NoiseLevel const& s, NoiseLevel const& t,
                  Vec const& z) {
    double const log_r = 2 * (s.lambda() - t.lambda());
    double const r = std::exp(log_r), one_minus_r = -std::expm1(log_r);
    Vec const x0 = model.denoised(x, s);
    return r * (t.alpha() / s.alpha()) * x + t.alpha() * one_minus_r * x0 +
           t.sigma() * std::sqrt(one_minus_r) * z;
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    if (variance == Variance::large)
      throw Error(Fault::argument, "ancestral:variance=large does not fit this SDE",
                  "a chain's beta exists on ddpm only", "use variance=small");
    for (auto const [s, t, i] : grid.steps()) x = step(model, x, s, t, model.normal(s, t));
    return x;
  }
};

}  // namespace retrace
