// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/exponential_weights.hpp>
#include <retrace/samplers/reverse_sde.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace retrace {

/// Xue et al. 2023, "SA-Solver: Stochastic Adams solver for fast sampling of diffusion models",
/// Algorithm 1, data prediction, constant tau (eta of ReverseSde is tau^2). Predictor (eq. 14):
/// Adams and Bashforth on the last `predictor` levels. Corrector (eq. 17): Adams and Moulton on the
/// last `corrector` levels, the one reached among them, with the noise of its step; it takes the
/// model's output at the predicted point, which also is what later steps use (the paper's PEC):
/// one evaluation a step. Orders grow from 1 at the start. The last state has not been evaluated
/// and stays as predicted.
///
/// The noise limits the weak order to 2, and the strong order to 1, whatever the orders of the two;
/// tau = 0 is a multistep ODE method (UniPC's), second order with this start.
struct sa_solver {
  double tau = 1;
  std::int64_t predictor = 3, corrector = 4;

  static constexpr SamplerInfo info{
      .name = "sa-solver",
      .summary = "stochastic Adams method: predictor and corrector on the reverse SDE",
      .paper = "Xue et al. 2023, SA-Solver, Algorithm 1",
      .weak_order = 2,
      .strong_order = 1,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<sa_solver>> options() {
    return {real_option("tau", &sa_solver::tau, Range::at_least(0),
                        "noise: 1 the SDE's, 0 none (the ODE)"),
            integer_option("predictor", &sa_solver::predictor, 1, 4, "levels the predictor uses"),
            integer_option("corrector", &sa_solver::corrector, 0, 4,
                           "levels the corrector uses; 0: no corrector")};
  }

  /// The model's output at one level.
  struct Output {
    double lambda;
    Vec x0;
  };

  /// From s to t with the polynomial through `outputs`.
  [[nodiscard]] Vec step(Vec const& x, NoiseLevel const& s, NoiseLevel const& t,
                         std::vector<Output> const& outputs, Vec const& noise) const {
    ReverseSde const sde{tau * tau};
    std::vector<double> nodes;
    for (Output const& output : outputs)
      nodes.push_back((output.lambda - s.lambda()) / (t.lambda() - s.lambda()));
    auto const weights = exponential_weights(sde.length(s, t), nodes);
    Vec sum = sde.kept(s, t) * x + noise;
    for (std::size_t j = 0; j < outputs.size(); ++j)
      sum = sum + t.alpha() * weights[j] * outputs[j].x0;
    return sum;
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    auto const longest = static_cast<std::size_t>(std::max(predictor, corrector));
    auto const latest = [](std::vector<Output> const& outputs, std::int64_t count) {
      auto const most = std::min(outputs.size(), static_cast<std::size_t>(count));
      return std::vector<Output>(outputs.begin(), outputs.begin() + static_cast<long>(most));
    };
    std::vector<Output> outputs;  // the newest first
    NoiseLevel before = grid.level(0);
    Vec x_before, noise;  // of the step before
    for (auto const [s, t, i] : grid.steps()) {
      outputs.insert(outputs.begin(), {s.lambda(), model.denoised(x, s)});
      if (i > 0 && corrector > 0) x = step(x_before, before, s, latest(outputs, corrector), noise);
      x_before = x;
      before = s;
      noise = tau > 0 ? ReverseSde{tau * tau}.noise(s, t) * model.normal(s, t) : Vec();
      x = step(x, s, t, latest(outputs, predictor), noise);
      if (outputs.size() >= longest) outputs.pop_back();
    }
    return x;
  }
};

}  // namespace retrace
