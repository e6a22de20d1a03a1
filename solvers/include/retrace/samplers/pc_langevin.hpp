// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/langevin.hpp>
#include <retrace/samplers/reverse_diffusion.hpp>

#include <vector>

namespace retrace {

/// Song et al. 2021, "Score-based generative modeling through SDEs", Algorithm 1: a Langevin
/// correction at s (draw 0), then the predictor's step from s to t (draw 1). As in the paper's code
/// the correction comes first. A finer grid makes more corrections, whose bias remains (see
/// langevin): there is no order.
struct pc_langevin {
  enum class Predictor { reverse_diffusion } predictor = Predictor::reverse_diffusion;
  double snr = 0.16;

  static constexpr SamplerInfo info{
      .name = "pc-langevin",
      .summary = "predictor-corrector: a Langevin correction, then a reverse-diffusion step",
      .paper = "Song et al. 2021, Score-based generative modeling through SDEs, Algorithm 1",
      .claims = Claims::nothing};
  static std::vector<Option<pc_langevin>> options() {
    return {choice_option<pc_langevin, Predictor>(
                "predictor", &pc_langevin::predictor,
                {{"reverse-diffusion", Predictor::reverse_diffusion}}, "what takes the step"),
            real_option("snr", &pc_langevin::snr, Range::positive(), "size of a correction")};
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      x = langevin::correct(model, x, s, snr, model.normal(s, s, 0));
      x = reverse_diffusion::step(model, x, s, t, model.normal(s, t, 1));
    }
    return x;
  }
};

}  // namespace retrace
