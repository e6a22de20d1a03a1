// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/ancestral.hpp>
#include <retrace/samplers/ddim.hpp>
#include <retrace/samplers/dpm_solver.hpp>
#include <retrace/samplers/dpmpp_2s.hpp>
#include <retrace/samplers/euler_maruyama.hpp>
#include <retrace/samplers/langevin.hpp>
#include <retrace/samplers/reverse_diffusion.hpp>
#include <retrace/samplers/runge_kutta.hpp>

#include <cstdint>
#include <vector>

namespace retrace {

/// Song et al. 2021, "Score-based generative modeling through SDEs", Algorithm 1: `steps` Langevin
/// corrections at s (draws 0, 1, ..., steps - 1), then the predictor's step from s to t (draw
/// `steps`; those of an ODE have none). As in the paper's code the corrections come first. A finer
/// grid makes more corrections, whose bias remains (see langevin): there is no order. A predictor
/// takes its steps one by one, by the formulas of the sampler of its name.
struct pc_langevin {
  enum class Predictor {
    reverse_diffusion,
    euler_maruyama,
    ancestral,
    ddim,
    heun,
    dpm_solver_2,
    dpm_solver_3,
    dpmpp_2s
  } predictor = Predictor::reverse_diffusion;
  double snr = 0.16;
  std::int64_t steps = 1;

  static constexpr SamplerInfo info{
      .name = "pc-langevin",
      .summary = "predictor-corrector: Langevin corrections, then a predictor's step",
      .paper = "Song et al. 2021, Score-based generative modeling through SDEs, Algorithm 1",
      .claims = Claims::nothing};
  static std::vector<Option<pc_langevin>> options() {
    return {
        choice_option<pc_langevin, Predictor>("predictor", &pc_langevin::predictor,
                                              {{"reverse-diffusion", Predictor::reverse_diffusion},
                                               {"euler-maruyama", Predictor::euler_maruyama},
                                               {"ancestral", Predictor::ancestral},
                                               {"ddim", Predictor::ddim},
                                               {"heun", Predictor::heun},
                                               {"dpm-solver-2", Predictor::dpm_solver_2},
                                               {"dpm-solver-3", Predictor::dpm_solver_3},
                                               {"dpmpp-2s", Predictor::dpmpp_2s}},
                                              "what takes the step"),
        real_option("snr", &pc_langevin::snr, Range::positive(), "size of a correction"),
        integer_option("steps", &pc_langevin::steps, 1, 1000, "corrections at each level")};
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    auto const predict = [&](NoiseLevel const& s, NoiseLevel const& t) {
      Grid const one_step(grid.sde(), {s.t(), t.t()});
      switch (predictor) {
        case Predictor::ddim:
          return retrace::ddim::step(model, x, s, t);
        case Predictor::heun:
          return retrace::heun{}(model, one_step, x);
        case Predictor::dpm_solver_2:
          return dpm_solver<2>{}(model, one_step, x);
        case Predictor::dpm_solver_3:
          return dpm_solver<3>{}(model, one_step, x);
        case Predictor::dpmpp_2s:
          return retrace::dpmpp_2s{}(model, one_step, x);
        default:
          break;
      }
      Vec const z = model.normal(s, t, static_cast<std::int32_t>(steps));
      switch (predictor) {
        case Predictor::euler_maruyama:
          return euler_maruyama::advanced(model, x, s, s.t() - t.t(), z);
        case Predictor::ancestral:
          return ancestral::step(model, x, s, t, z);
        default:
          return reverse_diffusion::step(model, x, s, t, z);
      }
    };
    for (auto const [s, t, i] : grid.steps()) {
      for (std::int32_t k = 0; k < steps; ++k)
        x = langevin::correct(model, x, s, snr, model.normal(s, s, k));
      x = predict(s, t);
    }
    return x;
  }
};

}  // namespace retrace
