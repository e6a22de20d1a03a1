// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/runge_kutta.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// Heun's method on the reverse-time SDE (Song et al. 2021, eq. 6) in t, for additive noise
/// (Kloeden and Platen 1992, Section 15.1): the mean of the drifts at both ends, the second one
/// taken after the whole step, noise included,
///   x' = x + h (b(x) + b(x + h b(x) + w)) / 2 + w,    w = sqrt(h g2(t_middle)) z.
/// The noise has the variance of the middle of the step: with g at the step's start, as for
/// noise that does not depend on time, the weak order falls to 1. z is the normalised increment
/// over the interval.
struct stochastic_heun {
  static constexpr SamplerInfo info{
      .name = "stochastic-heun",
      .summary = "Heun's method on the reverse-time SDE in t",
      .paper =
          "Song et al. 2021, Score-based generative modeling through SDEs, eq. 6; Kloeden, "
          "Platen 1992, Numerical solution of SDEs, Section 15.1",
      .weak_order = 2,
      .strong_order = 1};
  static std::vector<Option<stochastic_heun>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    auto const drift = [&](Vec const& y, NoiseLevel const& s) {
      double const f = s.f(), g2 = s.g2();
      return g2 * model.score(y, s) - f * y;
    };
    for (auto const [s, t, i] : grid.steps()) {
      double const h = s.t() - t.t();
      Vec const w = std::sqrt(h * halfway(grid, s, t).g2()) * model.normal(s, t);
      Vec const b = drift(x, s);
      x = x + h / 2 * (b + drift(x + h * b + w, t)) + w;
    }
    return x;
  }
};

}  // namespace retrace
