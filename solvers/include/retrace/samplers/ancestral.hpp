// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/error.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace {

/// Ho et al. 2020, "Denoising diffusion probabilistic models", eq. 6 and 7: the Gaussian posterior
/// of x_t given x_s and the denoised estimate, for any alpha and sigma. With r = SNR_s / SNR_t,
///   x_t = r (alpha_t / alpha_s) x_s + alpha_t (1 - r) x0 + sigma_t sqrt(1 - r) z.
/// With variance=large, on a discrete chain only, the noise has the variance of the (respaced)
/// chain's step, beta = 1 - alpha_bar_s / alpha_bar_t, in place of the posterior's, sigma_t^2
/// (1 - r). x0 is not clipped.
struct ancestral {
  enum class Variance { small, large } variance = Variance::small;

  static constexpr SamplerInfo info{
      .name = "ancestral",
      .summary = "DDPM's ancestral sampling: the posterior given the denoised estimate",
      .paper = "Ho et al. 2020, Denoising diffusion probabilistic models, eq. 6-7",
      .weak_order = 1,
      .strong_order = 1};
  static std::vector<Option<ancestral>> options() {
    Option<ancestral> variance = choice_option<ancestral, Variance>(
        "variance", &ancestral::variance, {{"small", Variance::small}, {"large", Variance::large}},
        "the posterior's, or the chain's beta (ddpm only)");
    variance.set = [known = variance.set](ancestral& made, std::string_view text) {
      if (text == "learned-range")
        throw Error(Fault::argument, "variance=learned-range does not fit a traced sampler",
                    "the network says another variance for every component",
                    "use ancestral_step() of the library, or variance=small or large");
      known(made, text);
    };
    return {std::move(variance)};
  }

  /// One step with the noise z.
  static Vec step(Recorder& model, Vec const& x, NoiseLevel const& s, NoiseLevel const& t,
                  Vec const& z, Variance variance = Variance::small) {
    double const log_r = 2 * (s.lambda() - t.lambda());
    double const r = std::exp(log_r), one_minus_r = -std::expm1(log_r);
    Vec const x0 = model.denoised(x, s);
    return r * (t.alpha() / s.alpha()) * x + t.alpha() * one_minus_r * x0 +
           noise(s, t, one_minus_r, variance) * z;
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    if (variance == Variance::large && !grid.sde().is_discrete())
      throw Error(Fault::argument, "ancestral:variance=large does not fit this SDE",
                  "a chain's beta exists on ddpm only", "use variance=small");
    for (auto const [s, t, i] : grid.steps()) {
      Vec const z = model.normal(s, t);
      if (s.alpha() == 0 && grid.sde().is_discrete())  // x_s says nothing of x_t: r = 0
        x = t.alpha() * model.denoised(x, s) + noise(s, t, 1, variance) * z;
      else
        x = step(model, x, s, t, z, variance);
    }
    return x;
  }

 private:
  static double noise(NoiseLevel const& s, NoiseLevel const& t, double one_minus_r,
                      Variance variance) {
    if (variance == Variance::large)
      return std::sqrt(-std::expm1(2 * (s.log_alpha() - t.log_alpha())));
    return t.sigma() * std::sqrt(one_minus_r);
  }
};

}  // namespace retrace
