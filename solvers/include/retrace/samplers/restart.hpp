// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/error.hpp>
#include <retrace/samplers/edm_heun.hpp>
#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace retrace {

/// Xu et al. 2023, "Restart sampling for improving generative processes", Algorithm 1: Heun's
/// method of edm-heun; at the level nearest to rho_min, `repeats` times noise back to the level
/// nearest to rho_max (at least one level back) and the steps in between once more. Distances are
/// in log rho, rho = sigma / alpha. Draw k of the step that starts at rho_min's level is the noise
/// of restart k; a run that leaves out the noise of its last step does not restart there. A grid
/// that ends above rho_min restarts at its last level.
///
/// The paper gives an interval steps of its own, whose error does not shrink with the grid's; here
/// the grid's own levels are taken again, so that the whole run converges. Both the ODE and the
/// noise keep the marginals: the weak order is Heun's. The noise is no increment of the reverse
/// process' path, to whose solution the samples do not tend: there is no strong order.
struct restart {
  double rho_min = 0.06, rho_max = 0.3;
  std::int64_t repeats = 2;

  static constexpr SamplerInfo info{
      .name = "restart",
      .summary = "Heun's method that goes through an interval of noise levels repeatedly",
      .paper = "Xu et al. 2023, Restart sampling for improving generative processes, Algorithm 1",
      .weak_order = 2,
      .grid = {.exploding = "karras"}};
  static std::vector<Option<restart>> options() {
    return {real_option("rho_min", &restart::rho_min, Range::positive(),
                        "sigma/alpha where restarts begin"),
            real_option("rho_max", &restart::rho_max, Range::positive(),
                        "sigma/alpha where they go back to"),
            integer_option("repeats", &restart::repeats, 1, 100, "number of restarts")};
  }
  void check() const {
    if (rho_min >= rho_max)
      throw Error(Fault::argument, "restart: rho_min must be less than rho_max",
                  "restarts go back from the one to the other");
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    std::int64_t const last = grid.noisy_levels() - 1;
    auto const nearest = [&](double rho, std::int64_t from, std::int64_t to) {
      auto const distance = [&](std::int64_t k) {
        return std::abs(std::log(grid.level(k).rho() / rho));
      };
      std::int64_t found = from;
      for (std::int64_t k = from; k <= to; ++k)
        if (distance(k) < distance(found)) found = k;
      return found;
    };
    std::int64_t const low = nearest(rho_min, std::min<std::int64_t>(1, last), last);
    std::int64_t const high = nearest(rho_max, 0, std::max<std::int64_t>(0, low - 1));
    auto const integrate = [&](std::int64_t from, std::int64_t to) {
      for (std::int64_t k = from; k < to; ++k) {
        NoiseLevel const s = grid.level(k);
        x = edm_heun::step(model, x / s.alpha(), s, grid.level(k + 1));
      }
    };
    integrate(0, low);
    NoiseLevel const clean = grid.level(low), noisy = grid.level(high);
    double const added =
        noisy.sigma() * std::sqrt(-std::expm1(2 * (noisy.lambda() - clean.lambda())));
    for (std::int32_t k = 0; k < repeats && low > high; ++k) {
      Vec const z = model.normal(clean, noisy, k);
      if (!z) break;
      x = noisy.alpha() / clean.alpha() * x + added * z;
      integrate(high, low);
    }
    integrate(low, last);
    return x;
  }
};

}  // namespace retrace
