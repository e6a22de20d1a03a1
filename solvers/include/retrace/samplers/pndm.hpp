// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/ipndm.hpp>
#include <retrace/samplers/runge_kutta.hpp>

#include <vector>

namespace retrace {

/// Liu et al. 2022, "Pseudo numerical methods for diffusion models on manifolds", F-PNDM: three
/// pseudo Runge-Kutta steps (eq. 13; four evaluations each, two of them halfway in t), then pseudo
/// linear multistep (eq. 12). For its order see ipndm.
struct pndm {
  static constexpr SamplerInfo info{
      .name = "pndm",
      .summary = "F-PNDM: pseudo Runge-Kutta steps, then pseudo linear multistep",
      .paper = "Liu et al. 2022, Pseudo numerical methods for diffusion models, Algorithm 2",
      .order = 2,
      .steps = Steps::smooth};
  static std::vector<Option<pndm>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    Answers epsilon(4);
    for (auto const [s, t, i] : grid.steps()) {
      Vec const e1 = model.noise(x, s);
      epsilon.add(s, e1);
      if (epsilon.complete()) {
        x = transfer(x, s, t, epsilon.combined(adams_bashforth(4)));
      } else {
        NoiseLevel const m = halfway(grid, s, t);
        Vec const e2 = model.noise(transfer(x, s, m, e1), m);
        Vec const e3 = model.noise(transfer(x, s, m, e2), m);
        Vec const e4 = model.noise(transfer(x, s, t, e3), t);
        x = transfer(x, s, t, (e1 + 2 * e2 + 2 * e3 + e4) / 6);
      }
    }
    return x;
  }
};

}  // namespace retrace
