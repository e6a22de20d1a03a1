// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <vector>

/// Runge and Kutta's methods on the probability-flow ODE in t (Song et al. 2021, Score-based
/// generative modeling through SDEs, eq. 13),
///   dx/dt = f x - g^2/2 score = alpha' x0 + sigma' epsilon.
/// The second form is the one used: it is finite at alpha = 0 too, where rectified flow starts.
namespace retrace {

/// The level halfway from s to t in t.
[[nodiscard]] inline NoiseLevel halfway(Grid const& grid, NoiseLevel const& s,
                                        NoiseLevel const& t) {
  return grid.sde().at((s.t() + t.t()) / 2);
}

/// Euler's method.
struct euler {
  static constexpr SamplerInfo info{
      .name = "euler",
      .summary = "Euler's method on the probability-flow ODE in t",
      .paper = "Song et al. 2021, Score-based generative modeling through SDEs, eq. 13",
      .order = 1};
  static std::vector<Option<euler>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) x = x + (t.t() - s.t()) * model.flow(x, s);
    return x;
  }
};

/// Runge 1895: the slope halfway.
struct midpoint {
  static constexpr SamplerInfo info{
      .name = "midpoint",
      .summary = "the midpoint method on the probability-flow ODE in t",
      .paper = "Song et al. 2021, Score-based generative modeling through SDEs, eq. 13; Runge 1895",
      .order = 2};
  static std::vector<Option<midpoint>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.t() - s.t();
      x = x + h * model.flow(x + h / 2 * model.flow(x, s), halfway(grid, s, t));
    }
    return x;
  }
};

/// Heun 1900: the mean of the slopes at both ends.
struct heun {
  static constexpr SamplerInfo info{
      .name = "heun",
      .summary = "Heun's method on the probability-flow ODE in t",
      .paper = "Song et al. 2021, Score-based generative modeling through SDEs, eq. 13; Heun 1900",
      .order = 2};
  static std::vector<Option<heun>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.t() - s.t();
      Vec const k1 = model.flow(x, s);
      Vec const k2 = model.flow(x + h * k1, t);
      x = x + h / 2 * (k1 + k2);
    }
    return x;
  }
};

/// Kutta 1901: the classical method of order 4.
struct rk4 {
  static constexpr SamplerInfo info{
      .name = "rk4",
      .summary = "the classical Runge-Kutta method on the probability-flow ODE in t",
      .paper = "Song et al. 2021, Score-based generative modeling through SDEs, eq. 13; Kutta 1901",
      .order = 4};
  static std::vector<Option<rk4>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      double const h = t.t() - s.t();
      NoiseLevel const m = halfway(grid, s, t);
      Vec const k1 = model.flow(x, s);
      Vec const k2 = model.flow(x + h / 2 * k1, m);
      Vec const k3 = model.flow(x + h / 2 * k2, m);
      Vec const k4 = model.flow(x + h * k3, t);
      x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4);
    }
    return x;
  }
};

/// Bogacki and Shampine 1989: order 3 with three slopes.
struct bosh3 {
  static constexpr SamplerInfo info{
      .name = "bosh3",
      .summary = "Bogacki and Shampine's method on the probability-flow ODE in t",
      .paper = "Song et al. 2021, Score-based generative modeling, eq. 13; Bogacki, Shampine 1989",
      .order = 3};
  static std::vector<Option<bosh3>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      double const from = s.t(), h = t.t() - from;
      x = runge_kutta_step(tableaus::bosh3, h, x, [&](double c, Vec const& y) {
        return model.flow(y, grid.sde().at(from + c * h));
      });
    }
    return x;
  }
};

}  // namespace retrace
