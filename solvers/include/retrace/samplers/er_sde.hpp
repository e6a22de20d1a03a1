// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <vector>

/// Cui et al. 2023, "Elucidating the solution space of extended reverse-time SDE for diffusion
/// models": ER-SDE-Solvers of orders 1 to 3 (Algorithms 1 to 3), in y = x / alpha and rho = sigma /
/// alpha, with the noise scale phi(rho) = rho (exp(rho^0.3) + 10), the paper's SDE 5:
///   y_t = r y_s + (1 - r) D + I_0 D' + I_1 D'' + sqrt(rho_t^2 - r^2 rho_s^2) z,
///   r = phi(rho_t) / phi(rho_s),  I_k = int from rho_t to rho_s (phi(rho_t) / phi - 1)
///                                       (rho - rho_s)^k drho,
/// with differences over the last levels for the derivatives of the denoised estimate in rho. What
/// the paper writes as rho_t - rho_s + phi(rho_t) int 1/phi, and so on, is one integral here, which
/// does not cancel; it is done by Gauss and Legendre's rule to rounding, where the paper's code
/// sums 100 points from the left (and so becomes first order). The first step is of order 1, the
/// second of order 2.
///
/// The paper's third order takes D' for a difference between two levels, which belongs halfway
/// between them: that error is of second order, and so is the noise's. The weak order is 2.
/// z is the normalised increment over the clock rho^2 / phi^2.
namespace retrace {

namespace er_sde {
/// The whole run, in the first, second or third order.
[[nodiscard]] Vec run(Recorder& model, Grid const& grid, Vec x, int order);
/// The extended SDE has tau^2 = rho phi' / phi - 1 times the noise of the usual one.
[[nodiscard]] double tau_squared(NoiseLevel const& s);
}  // namespace er_sde

/// The first order: the denoised estimate is constant over a step.
struct er_sde_1 {
  static constexpr SamplerInfo info{
      .name = "er-sde-1",
      .summary = "ER-SDE-Solver-1: extended reverse SDE, estimate constant over a step",
      .paper =
          "Cui et al. 2023, Elucidating the solution space of extended reverse-time SDE, "
          "Algorithm 1",
      .weak_order = 1,
      .strong_order = 1};
  static std::vector<Option<er_sde_1>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec const& x) const {
    return er_sde::run(model, grid, x, 1);
  }
  [[nodiscard]] double tau_squared(NoiseLevel const& s) const { return er_sde::tau_squared(s); }
};

/// With the slope of the denoised estimate.
struct er_sde_2 {
  static constexpr SamplerInfo info{
      .name = "er-sde-2",
      .summary = "ER-SDE-Solver-2: with the slope of the estimate",
      .paper =
          "Cui et al. 2023, Elucidating the solution space of extended reverse-time SDE, "
          "Algorithm 2",
      .weak_order = 2,
      .strong_order = 1};
  static std::vector<Option<er_sde_2>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec const& x) const {
    return er_sde::run(model, grid, x, 2);
  }
  [[nodiscard]] double tau_squared(NoiseLevel const& s) const { return er_sde::tau_squared(s); }
};

/// With slope and curvature of the denoised estimate.
struct er_sde_3 {
  static constexpr SamplerInfo info{
      .name = "er-sde-3",
      .summary = "ER-SDE-Solver-3: with slope and curvature of the estimate",
      .paper =
          "Cui et al. 2023, Elucidating the solution space of extended reverse-time SDE, "
          "Algorithm 3",
      .weak_order = 2,
      .strong_order = 1};
  static std::vector<Option<er_sde_3>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec const& x) const {
    return er_sde::run(model, grid, x, 3);
  }
  [[nodiscard]] double tau_squared(NoiseLevel const& s) const { return er_sde::tau_squared(s); }
};

}  // namespace retrace
