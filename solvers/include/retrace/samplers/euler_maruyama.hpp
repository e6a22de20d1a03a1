// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/error.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/sde/uniform.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// Song et al. 2021, "Score-based generative modeling through SDEs": the reverse-time SDE, eq. 6,
///   dx = (f x - g^2 score) dt + g dw,
/// by Euler and Maruyama.
///
/// With step=score-sde it does what that paper's code does: N evaluations at linspace(from, to, N),
/// each followed by a step of T/N, which is not the distance to the next level. Kept apart because
/// it gives another answer than the consistent grid.
struct euler_maruyama {
  enum class Step { grid, score_sde } step = Step::grid;

  static constexpr SamplerInfo info{
      .name = "euler-maruyama",
      .summary = "reverse-time SDE by Euler and Maruyama",
      .paper = "Song et al. 2021, Score-based generative modeling through SDEs, eq. 6",
      .weak_order = 1,
      .strong_order = 1};  // the noise is additive
  static std::vector<Option<euler_maruyama>> options() {
    return {choice_option<euler_maruyama, Step>(
        "step", &euler_maruyama::step, {{"grid", Step::grid}, {"score-sde", Step::score_sde}},
        "distance to the next level, or T/N as in score_sde's code")};
  }

  /// One step of length dt with the noise z.
  static Vec advanced(Recorder& model, Vec const& x, NoiseLevel const& s, double dt, Vec const& z) {
    double const f = s.f(), g2 = s.g2();  // before the score: they say it best where there is none
    return x - dt * (f * x - g2 * model.score(x, s)) + std::sqrt(g2 * dt) * z;
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    auto const advance = [&](NoiseLevel const& s, NoiseLevel const& t, double dt) {
      x = advanced(model, x, s, dt, model.normal(s, t));
    };
    if (step == Step::score_sde) {
      double const dt = grid.sde().t_max() / static_cast<double>(steps(grid));
      for (std::int64_t k = 0; k < steps(grid); ++k) advance(grid.level(k), grid.level(k), dt);
    } else {
      for (auto const [s, t, i] : grid.steps()) advance(s, t, s.t() - t.t());
    }
    return x;
  }

  [[nodiscard]] std::int64_t steps(Grid const& grid) const {
    return step == Step::score_sde ? grid.noisy_levels() : grid.count();
  }

  /// score_sde's levels, for the SDEs that its code knows.
  [[nodiscard]] std::optional<Grid> own_grid(Sde const& sde, std::int64_t steps, Span span) const {
    if (step == Step::grid) return {};
    if (sde.name() != "vp" && sde.name() != "sub-vp" && sde.name() != "ve")
      throw Error(Fault::argument,
                  "euler-maruyama:step=score-sde does not know " + quoted(sde.name()),
                  "it is defined on vp, sub-vp and ve");
    if (steps < 2)
      throw Error(Fault::argument, "euler-maruyama:step=score-sde needs at least 2 steps");
    return grids::uniform{}(sde, steps - 1, span);
  }
};

}  // namespace retrace
