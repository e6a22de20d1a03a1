// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// Song et al. 2021, "Score-based generative modeling through SDEs", Appendix E: the reverse-time
/// SDE discretised as the forward one is, x_s = a x_t + q z with a = alpha_s / alpha_t and
/// q^2 = sigma_s^2 - a^2 sigma_t^2, for any alpha and sigma:
///   x_t = (2 - a) x_s + q^2 score + q z.
/// On VP and VE this is the paper's (Algorithms 2 and 3 without correctors).
struct reverse_diffusion {
  static constexpr SamplerInfo info{
      .name = "reverse-diffusion",
      .summary = "the forward process' own discretisation, reversed",
      .paper = "Song et al. 2021, Score-based generative modeling through SDEs, Appendix E",
      .weak_order = 1,
      .strong_order = 1};
  static std::vector<Option<reverse_diffusion>> options() { return {}; }

  /// One step with the noise z.
  static Vec step(Recorder& model, Vec const& x, NoiseLevel const& s, NoiseLevel const& t,
                  Vec const& z) {
    double const a = s.alpha() / t.alpha();
    double const q = s.sigma() * std::sqrt(-std::expm1(2 * (s.lambda() - t.lambda())));
    return (2 - a) * x + q * q * model.score(x, s) + q * z;
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) x = step(model, x, s, t, model.normal(s, t));
    return x;
  }
};

}  // namespace retrace
