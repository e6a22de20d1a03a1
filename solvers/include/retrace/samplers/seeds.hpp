// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/phi.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <vector>

/// Gonzalez et al. 2023, "SEEDS: Exponential SDE solvers for fast high-quality sampling from
/// diffusion models", with the noise prediction: the reverse SDE with its linear part done exactly,
///   x_t = (alpha_t / alpha_s) x_s - 2 alpha_t int e^-lambda epsilon dlambda
///         + alpha_t sqrt(rho_s^2 - rho_t^2) z,    rho = sigma / alpha = e^-lambda.
/// The stages of a step follow one Brownian path: draw k is its increment from stage k to stage k +
/// 1, normalised, over the clock -rho^2. The paper's code gives the increments weights that do not
/// all belong to one path (SEEDS-3 swaps two of them); here they do. Noise is added, where the
/// paper subtracts it.
///
/// With noise in them three stages are of weak order 2 as well.
namespace retrace {

namespace seeds {

/// x at t where epsilon is constant from s on, the path's noise apart.
[[nodiscard]] inline Vec first_order(Vec const& x, Vec const& epsilon, NoiseLevel const& s,
                                     NoiseLevel const& t) {
  return t.alpha() / s.alpha() * x - 2 * t.sigma() * std::expm1(t.lambda() - s.lambda()) * epsilon;
}

/// The path's increment from s to t, for x / alpha: draw k of the step.
[[nodiscard]] inline Vec increment(Recorder& model, NoiseLevel const& s, NoiseLevel const& t,
                                   int k) {
  return s.rho() * std::sqrt(-std::expm1(2 * (s.lambda() - t.lambda()))) * model.normal(s, t, k);
}

/// (e^h - 1 - h) / h: the weight of a linear change of epsilon over a step.
[[nodiscard]] inline double slope_weight(double h) { return h * phi(2, h); }

}  // namespace seeds

/// One stage: exponential Euler.
struct seeds_1 {
  static constexpr SamplerInfo info{
      .name = "seeds-1",
      .summary = "SEEDS-1: exponential Euler for the reverse SDE, noise prediction",
      .paper = "Gonzalez et al. 2023, SEEDS, Algorithm 1",
      .weak_order = 1,
      .strong_order = 1,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<seeds_1>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps())
      x = seeds::first_order(x, model.noise(x, s), s, t) +
          t.alpha() * seeds::increment(model, s, t, 0);
    return x;
  }
};

/// Two stages, the second at the fraction r of the step in lambda.
struct seeds_2 {
  double r = 0.5;

  static constexpr SamplerInfo info{
      .name = "seeds-2",
      .summary = "SEEDS-2: two stages on one Brownian path, noise prediction",
      .paper = "Gonzalez et al. 2023, SEEDS, Algorithm 2",
      .weak_order = 2,
      .strong_order = 1,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<seeds_2>> options() {
    return {real_option("r", &seeds_2::r, {.low = 0.1, .high = 0.9},
                        "where the stage is between the levels, in lambda")};
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.lambda() - s.lambda();
      NoiseLevel const m = grid.between(s, t, r);
      Vec const w1 = seeds::increment(model, s, m, 0), w2 = seeds::increment(model, m, t, 1);
      Vec const e0 = model.noise(x, s);
      Vec const u = seeds::first_order(x, e0, s, m) + m.alpha() * w1;
      Vec const e1 = model.noise(u, m);
      x = seeds::first_order(x, e0, s, t) - t.sigma() * std::expm1(h) / r * (e1 - e0) +
          t.alpha() * (w1 + w2);
    }
    return x;
  }
};

/// Three stages, at thirds of the step in lambda.
struct seeds_3 {
  static constexpr SamplerInfo info{
      .name = "seeds-3",
      .summary = "SEEDS-3: three stages on one Brownian path, noise prediction",
      .paper = "Gonzalez et al. 2023, SEEDS, Algorithm 3",
      .weak_order = 2,
      .strong_order = 1,
      .grid = {.preserving = "log-snr"}};
  static std::vector<Option<seeds_3>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    constexpr double r1 = 1.0 / 3, r2 = 2.0 / 3;
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.lambda() - s.lambda();
      NoiseLevel const m1 = grid.between(s, t, r1), m2 = grid.between(s, t, r2);
      Vec const w1 = seeds::increment(model, s, m1, 0), w2 = seeds::increment(model, m1, m2, 1),
                w3 = seeds::increment(model, m2, t, 2);
      Vec const e0 = model.noise(x, s);
      Vec const u1 = seeds::first_order(x, e0, s, m1) + m1.alpha() * w1;
      Vec const e1 = model.noise(u1, m1);
      Vec const u2 = seeds::first_order(x, e0, s, m2) -
                     2 * (r2 / r1) * m2.sigma() * seeds::slope_weight(r2 * h) * (e1 - e0) +
                     m2.alpha() * (w1 + w2);
      Vec const e2 = model.noise(u2, m2);
      x = seeds::first_order(x, e0, s, t) -
          2 / r2 * t.sigma() * seeds::slope_weight(h) * (e2 - e0) + t.alpha() * (w1 + w2 + w3);
    }
    return x;
  }
};

}  // namespace retrace
