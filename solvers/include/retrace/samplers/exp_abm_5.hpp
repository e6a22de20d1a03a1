// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/deis.hpp>
#include <retrace/samplers/interpolation.hpp>
#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/sde/angle.hpp>

#include <cmath>
#include <optional>
#include <utility>
#include <vector>

namespace retrace {

/// Adams, Bashforth and Moulton's predictor and corrector with one evaluation a step (PEC: Hairer,
/// Norsett, Wanner 1993, Solving ordinary differential equations I, section III.1), exponential:
/// the noise interpolated in the angle phi = arctan(sigma / alpha) and integrated exactly,
///   x_t = alpha_t / alpha_s x_s + alpha_t sum_j (int_s^t l_j(phi) drho) epsilon_j,
/// through the last four levels (the predictor, as DEIS is in t), then through these and t with the
/// noise at the predicted x_t (the corrector, which makes the order 5). The next step takes
/// that noise as it is; the last step of a grid is predicted alone.
///
/// In the angle the flow is smooth from data to noise, so that steps may be even there, or as long
/// as those of adaptive pairs, whose variable it is. It is for small errors: from noise to data in
/// fewer than some sixty steps errors grow, by more the longer the first steps are. UniPC is the
/// same in lambda, which is infinite at both ends.
struct exp_abm_5 {
  FirstSteps start = FirstSteps::full;

  static constexpr SamplerInfo info{
      .name = "exp-abm-5",
      .summary = "exponential Adams-Bashforth-Moulton, predicted and corrected, in the angle",
      .paper = "Hairer, Norsett, Wanner 1993, Solving ODEs I, III.1; Zhang, Chen 2023, eq. 14-15",
      .order = 5,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<exp_abm_5>> options() { return {start_option<exp_abm_5>()}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    Answers epsilon(4);
    std::optional<std::pair<NoiseLevel, Vec>> from;  // of the step that may be corrected
    for (auto const [s, t, i] : grid.steps()) {
      Vec const here = model.noise(x, s);
      if (from) x = update(epsilon, from->second, from->first, s, here);
      epsilon.add(s, here);
      if (start == FirstSteps::full && !epsilon.complete()) {
        x = starting_step(5, Prediction::noise, model, grid, s, t, x);
        continue;
      }
      from = {s, x};
      x = update(epsilon, x, s, t, {});
    }
    return x;
  }

 private:
  /// The predictor, or the corrector where the noise at t is known.
  [[nodiscard]] static Vec update(Answers const& epsilon, Vec const& x, NoiseLevel const& s,
                                  NoiseLevel const& t, Vec const& there) {
    double const h = t.lambda() - s.lambda(), origin = angle_of(s), length = angle_of(t) - origin;
    auto nodes = epsilon.nodes(epsilon.count(), t, angle_of);
    if (there) nodes.push_back(1);
    auto weights =
        interpolatory_weights(nodes, rho_moments(h, static_cast<int>(nodes.size()), [&](double r) {
                                return (std::atan(std::exp(-s.lambda() - r * h)) - origin) / length;
                              }));
    Vec last;
    if (there) {
      last = weights.back() * there;
      weights.pop_back();
    }
    return t.alpha() * (x / s.alpha() + (t.rho() - s.rho()) * (last + epsilon.combined(weights)));
  }
};

}  // namespace retrace
