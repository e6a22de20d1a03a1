// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/reverse_sde.hpp>
#include <retrace/trace/recorder.hpp>

#include <cmath>

namespace retrace::testing {

/// A planted fault: Heun on the reverse SDE, its noise with g2 at the start of the step, not in its
/// middle. Weak order 1.
inline Vec early_noise_heun(Recorder& model, Grid const& grid, Vec x) {
  auto const drift = [&](Vec const& y, NoiseLevel const& s) {
    return s.g2() * model.score(y, s) - s.f() * y;
  };
  for (auto const [s, t, i] : grid.steps()) {
    double const h = s.t() - t.t();
    Vec const w = std::sqrt(h * s.g2()) * model.normal(s, t);
    Vec const b = drift(x, s);
    x = x + h / 2 * (b + drift(x + h * b + w, t)) + w;
  }
  return x;
}

/// A planted fault: dpmpp-sde whose second stage has noise of its own, not the path's. Weak order 1
/// instead of 2.
inline Vec own_noise_stages(Recorder& model, Grid const& grid, Vec x) {
  ReverseSde const sde;
  for (auto const [s, t, i] : grid.steps()) {
    NoiseLevel const m = grid.between(s, t, 0.5);
    Vec const u = sde.kept(s, m) * x -
                  m.alpha() * std::expm1(-sde.length(s, m)) * model.denoised(x, s) +
                  sde.noise(s, m) * model.normal(s, m, 0);
    x = sde.kept(s, t) * x - t.alpha() * std::expm1(-sde.length(s, t)) * model.denoised(u, m) +
        sde.noise(s, t) * model.normal(m, t, 1);
  }
  return x;
}

}  // namespace retrace::testing
