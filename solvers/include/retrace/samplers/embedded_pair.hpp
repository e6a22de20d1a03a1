// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/samplers/tableaus.hpp>
#include <retrace/sde/angle.hpp>
#include <retrace/trace/trace.hpp>

#include <cstddef>
#include <vector>

/// Embedded Runge-Kutta pairs on the probability-flow ODE in z = x / s, s^2 = alpha^2 + sigma^2,
/// against the angle (sde/angle.hpp). They run with steps of their own for every sample
/// (run/adaptive_sample.hpp); what is traced here is the method with the steps of a grid.
namespace retrace {

/// Every step of the grid by one of the method's, without its estimate.
template <std::size_t Stages>
[[nodiscard]] Vec in_angle_steps(Tableau<Stages> const& method, Recorder& model, Grid const& grid,
                                 Vec x) {
  for (Grid::Step const step : grid.steps()) {  // clang takes no parts of it into a lambda
    double const from = angle_of(step.s), h = angle_of(step.t) - from;
    auto const slope = [&](double c, Vec const& z) {
      NoiseLevel const u = c == 0   ? step.s
                           : c == 1 ? step.t
                                    : level_at_angle(grid.sde(), from + c * h);
      return model.velocity(radius_of(u) * z, u) / radius_of(u);
    };
    x = radius_of(step.t) * runge_kutta_step(method, h, x / radius_of(step.s), slope);
  }
  return x;
}

/// Dormand and Prince 1980: order 5, the estimate of order 4; the last slope is the next first.
struct dopri5 {
  static constexpr SamplerInfo info{
      .name = "dopri5",
      .summary = "Dormand and Prince's pair 5(4) on the probability-flow ODE, adaptive",
      .paper = "Dormand, Prince 1980, A family of embedded Runge-Kutta formulae, table 2",
      .order = 5,
      .stepping = Stepping::adaptive};
  static constexpr auto tableau = tableaus::dopri5;
  static std::vector<Option<dopri5>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    return in_angle_steps(tableau, model, grid, std::move(x));
  }
};

/// dopri5 by its other name.
struct rk45 {
  static constexpr SamplerInfo info{.name = "rk45",
                                    .summary = "the same as dopri5",
                                    .paper = dopri5::info.paper,
                                    .order = 5,
                                    .stepping = Stepping::adaptive};
  static constexpr auto tableau = tableaus::dopri5;
  static std::vector<Option<rk45>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    return dopri5{}(model, grid, std::move(x));
  }
};

/// Tsitouras 2011: as dopri5, with a smaller error.
struct tsit5 {
  static constexpr SamplerInfo info{
      .name = "tsit5",
      .summary = "Tsitouras' pair 5(4) on the probability-flow ODE, adaptive",
      .paper =
          "Tsitouras 2011, Runge-Kutta pairs of order 5(4) satisfying only the first column "
          "simplifying assumption, table 1",
      .order = 5,
      .stepping = Stepping::adaptive};
  static constexpr auto tableau = tableaus::tsit5;
  static std::vector<Option<tsit5>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    return in_angle_steps(tableau, model, grid, std::move(x));
  }
};

/// Cash and Karp 1990.
struct cash_karp54 {
  static constexpr SamplerInfo info{
      .name = "cash-karp54",
      .summary = "Cash and Karp's pair 5(4) on the probability-flow ODE, adaptive",
      .paper = "Cash, Karp 1990, A variable order Runge-Kutta method, table 1",
      .order = 5,
      .stepping = Stepping::adaptive};
  static constexpr auto tableau = tableaus::cash_karp54;
  static std::vector<Option<cash_karp54>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    return in_angle_steps(tableau, model, grid, std::move(x));
  }
};

/// Fehlberg 1968: order 8, the estimate of order 7; for tolerances of 1e-5 and less. Order 7 is
/// claimed: the conditions of order 8 hold (tests of the tableaus), but in double precision
/// rounding is reached before the error settles to it, and slopes between 7.3 and 9.3 are measured.
struct fehlberg78 {
  static constexpr SamplerInfo info{
      .name = "fehlberg78",
      .summary = "Fehlberg's pair 7(8) on the probability-flow ODE, adaptive",
      .paper =
          "Fehlberg 1968, Classical fifth-, sixth-, seventh-, and eighth-order Runge-Kutta "
          "formulas with stepsize control (NASA TR R-287), table X",
      .order = 7,
      .stepping = Stepping::adaptive};
  static constexpr auto tableau = tableaus::fehlberg78;
  static std::vector<Option<fehlberg78>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    return in_angle_steps(tableau, model, grid, std::move(x));
  }
};

}  // namespace retrace
