// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/exponential.hpp>
#include <retrace/samplers/interpolation.hpp>
#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/sampler_info.hpp>

#include <array>
#include <vector>

namespace retrace {

/// Exponential Adams-Bashforth (Hochbruck and Ostermann 2010, Exponential integrators, section 2.7)
/// in lambda: the prediction, of the noise or of the data, interpolated through the last `Order`
/// levels with their true distances, and integrated exactly against the exponential.
///
/// Denoised with Order 2 it has dpmpp-2m's order but phi_2 where that has phi_1 / 2, and with Order
/// 3 it is dpmpp-3m.
template <int Order>
struct exp_ab {
  static_assert(Order >= 2 && Order <= 4);
  Prediction prediction = Prediction::denoised;
  FirstSteps start = FirstSteps::full;

  static constexpr SamplerInfo info{
      .name = std::array{"exp-ab-2", "exp-ab-3", "exp-ab-4"}[Order - 2],
      .summary = "exponential Adams-Bashforth in the log signal-to-noise ratio",
      .paper = "Hochbruck, Ostermann 2010, Exponential integrators, section 2.7",
      .order = Order,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<exp_ab>> options() {
    std::vector<Option<exp_ab>> all{choice_option<exp_ab, Prediction>(
        "prediction", &exp_ab::prediction,
        {{"denoised", Prediction::denoised}, {"noise", Prediction::noise}},
        "what is interpolated")};
    if constexpr (Order >= 3) all.push_back(start_option<exp_ab>());
    return all;
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    Answers m(Order);
    for (auto const [s, t, i] : grid.steps()) {
      m.add(s, answer(model, prediction, x, s));
      if (Order >= 3 && start == FirstSteps::full && !m.complete()) {
        x = starting_step(Order, prediction, model, grid, s, t, x);
        continue;
      }
      ExponentialStep const step(prediction, s, t);
      auto const nodes = m.nodes(m.count(), t, [](auto const& u) { return u.lambda(); });
      x = step.keep * x +
          step.gain * m.combined(interpolatory_weights(nodes, step.moments(m.count())));
    }
    return x;
  }
};

}  // namespace retrace
