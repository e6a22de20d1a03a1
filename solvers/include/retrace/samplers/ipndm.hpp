// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/sampler_info.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace retrace {

/// Weights of Adams and Bashforth's method of 1 to 4 answers for equal steps, newest first.
[[nodiscard]] inline std::span<double const> adams_bashforth(int answers) {
  static constexpr double weights[4][4]{{1.},
                                        {3. / 2, -1. / 2},
                                        {23. / 12, -16. / 12, 5. / 12},
                                        {55. / 24, -59. / 24, 37. / 24, -9. / 24}};
  return {weights[answers - 1], static_cast<std::size_t>(answers)};
}

/// Liu et al. 2022, "Pseudo numerical methods for diffusion models", eq. 11, on any SDE: from s to
/// t with a constant noise, which is ddim's step.
[[nodiscard]] inline Vec transfer(Vec const& x, NoiseLevel const& s, NoiseLevel const& t,
                                  Vec const& epsilon) {
  return t.alpha() * (x / s.alpha() + (t.rho() - s.rho()) * epsilon);
}

/// Zhang and Chen 2023, DEIS, section 3.2 (iPNDM): pndm without its Runge-Kutta start; the first
/// steps combine the answers there are. The noise is extrapolated with the weights for equal steps,
/// then held constant over the step, whose middle in rho is not that of the steps' numbers: for two
/// and more answers the order is 2 on grids that change smoothly, and no more; where steps
/// alternate in size it is 1.
template <int K>
struct ipndm {
  static_assert(K >= 1 && K <= 4);
  static constexpr SamplerInfo info{
      .name = std::array{"ipndm-1", "ipndm-2", "ipndm-3", "ipndm-4"}[K - 1],
      .summary = "pseudo linear multistep: noise extrapolated as on equal steps",
      .paper = "Zhang, Chen 2023, Fast sampling with exponential integrator, section 3.2",
      .order = K == 1 ? 1 : 2,
      .steps = K == 1 ? Steps::any : Steps::smooth};
  static std::vector<Option<ipndm>> options() { return {}; }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    Answers epsilon(K);
    for (auto const [s, t, i] : grid.steps()) {
      epsilon.add(s, model.noise(x, s));
      x = transfer(x, s, t, epsilon.combined(adams_bashforth(epsilon.count())));
    }
    return x;
  }
};

}  // namespace retrace
