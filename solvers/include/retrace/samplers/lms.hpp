// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/interpolation.hpp>
#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/sampler_info.hpp>

#include <array>
#include <vector>

namespace retrace {

/// k-diffusion's sample_lms, which is rhoAB of Zhang and Chen 2023 (DEIS): Adams and Bashforth on
///   d(x / alpha) / d rho = epsilon,    rho = sigma / alpha,
/// the noise interpolated in rho through the last `Order` levels with their true distances. The
/// integrals are those of polynomials, and exact here; k-diffusion's quadrature leaves 1e-4 of
/// them.
template <int Order>
struct lms {
  static_assert(Order >= 1 && Order <= 4);
  FirstSteps start = FirstSteps::full;

  static constexpr SamplerInfo info{
      .name = std::array{"lms-1", "lms-2", "lms-3", "lms-4"}[Order - 1],
      .summary = "linear multistep: Adams-Bashforth in sigma / alpha",
      .paper = "Crowson 2022, k-diffusion, sample_lms; Zhang, Chen 2023, DEIS, rhoAB",
      .order = Order};
  static std::vector<Option<lms>> options() {
    if constexpr (Order >= 3) return {start_option<lms>()};
    return {};
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    Answers epsilon(Order);
    for (auto const [s, t, i] : grid.steps()) {
      epsilon.add(s, model.noise(x, s));
      if (Order >= 3 && start == FirstSteps::full && !epsilon.complete()) {
        x = starting_step(Order, Prediction::noise, model, grid, s, t, x);
        continue;
      }
      auto const nodes = epsilon.nodes(epsilon.count(), t, [](auto const& u) { return u.rho(); });
      auto const weights = interpolatory_weights(nodes, std::array{1., 1. / 2, 1. / 3, 1. / 4});
      x = t.alpha() * (x / s.alpha() + (t.rho() - s.rho()) * epsilon.combined(weights));
    }
    return x;
  }
};

}  // namespace retrace
