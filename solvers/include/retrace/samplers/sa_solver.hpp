// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/interpolation.hpp>
#include <retrace/samplers/phi.hpp>
#include <retrace/samplers/reverse_sde.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace retrace {

/// Xue et al. 2023, "SA-Solver: Stochastic Adams solver for fast sampling of diffusion models",
/// Algorithm 1, data prediction, constant tau (eta of ReverseSde is tau^2). SA-Predictor:
/// Adams and Bashforth on the last `predictor` levels. SA-Corrector: Adams and Moulton on the
/// last `corrector` levels, the one reached among them, with the noise of its step; it takes the
/// model's output at the predicted point, which also is what later steps use (the paper's PEC):
/// one evaluation a step. Orders grow from 1 at the start. The last state has not been evaluated
/// and stays as predicted.
///
/// The noise limits the weak order to 2, and the strong order to 1, whatever the orders of the two;
/// tau = 0 is an exponential Adams method for the ODE. The paper's code has tau = 0 at both ends of
/// the run and treats short runs apart; here tau is what it is throughout.
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

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    ReverseSde const sde{tau * tau};
    std::vector<Vec> outputs;  // the newest first, and their lambdas
    std::vector<double> lambdas;
    auto const weights = [&](NoiseLevel const& s, NoiseLevel const& t, std::int64_t most) {
      std::vector<double> nodes;
      for (std::size_t j = 0; j < outputs.size() && j < static_cast<std::size_t>(most); ++j)
        nodes.push_back((lambdas[j] - s.lambda()) / (t.lambda() - s.lambda()));
      double const a = sde.length(s, t);
      auto moments = exponential_moments(-a, static_cast<int>(nodes.size()));
      for (double& moment : moments) moment *= a;
      return interpolatory_weights(nodes, moments);
    };
    NoiseLevel before = grid.level(0);
    std::vector<double> predicted;  // the predictor's weights of the step before
    for (auto const [s, t, i] : grid.steps()) {
      outputs.insert(outputs.begin(), model.denoised(x, s));
      lambdas.insert(lambdas.begin(), s.lambda());
      if (i > 0 && corrector > 0) {
        // Start and noise of the step are the predictor's, so only the weights change.
        predicted.insert(predicted.begin(), 0);  // of the output at s
        auto corrected = weights(before, s, corrector);
        auto const used = std::max(corrected.size(), predicted.size());
        corrected.resize(used);
        predicted.resize(used);
        for (std::size_t j = 0; j < used; ++j)
          x = x + s.alpha() * (corrected[j] - predicted[j]) * outputs[j];
      }
      predicted = weights(s, t, predictor);
      x = sde.kept(s, t) * x;
      for (std::size_t j = 0; j < predicted.size(); ++j)
        x = x + t.alpha() * predicted[j] * outputs[j];
      if (tau > 0) x = x + sde.noise(s, t) * model.normal(s, t);
      before = s;
      // What the next step will use, its own output apart.
      auto const most = corrector > 0 ? std::max(predictor, corrector - 1) : predictor - 1;
      outputs.resize(std::min(outputs.size(), static_cast<std::size_t>(most)));
      lambdas.resize(outputs.size());
    }
    return x;
  }
  [[nodiscard]] double tau_squared(NoiseLevel const& /*s*/) const { return tau * tau; }
};

}  // namespace retrace
