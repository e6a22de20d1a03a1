// SPDX-License-Identifier: Apache-2.0
// The model of the fused kernels alone: E[x0 | x] of a mixture of eight Gaussians on one tile of
// samples, which stays in the first cache level, at one noise level after the other.
#include "support/bare_mixture.hpp"
#include "support/mixtures.hpp"
#include "support/paired.hpp"
#include "support/registration.hpp"

#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace retrace::benchmarks {
namespace {

std::vector<NoiseLevel> levels_of_a_run() {
  Grid const grid = grids::log_snr{}(vp{}, 100, {1.0, 1e-3});
  std::vector<NoiseLevel> levels;
  for (auto const [s, t, i] : grid.steps()) levels.push_back(s);
  return levels;
}

template <class T, int Dim, CovarianceShape shape>
void add_score(std::string const& name, Mixture const& mixture) {
  add("mixture/" + name, [=](benchmark::State& state) {
    BareMixture<T, Dim, shape> const bare(mixture, levels_of_a_run());
    std::int64_t const passes = effort().scaled(30);
    measure(state, {.run =
                        [&] {
                          for (std::int64_t pass = 0; pass < passes; ++pass) bare.evaluate_levels();
                        },
                    .units = static_cast<double>(passes * bare.lanes) * bare.levels(),
                    .peak = fma_peak<T>});
  });
}

}  // namespace

void register_benchmarks() {
  constexpr auto isotropic = CovarianceShape::isotropic, full = CovarianceShape::full;
  add_score<float, 2, isotropic>("isotropic/2d", isotropic_mixture(2));
  add_score<float, 3, isotropic>("isotropic/3d", isotropic_mixture(3));
  add_score<float, 0, isotropic>("isotropic/2d_at_run_time", isotropic_mixture(2));
  add_score<float, 0, isotropic>("isotropic/5d_at_run_time", isotropic_mixture(5));
  add_score<float, 2, full>("full/2d", full_mixture(2));
  add_score<float, 3, full>("full/3d", full_mixture(3));
  add_score<float, 0, full>("full/5d_at_run_time", full_mixture(5));
  add_score<double, 2, isotropic>("isotropic/2d/double", isotropic_mixture(2));
  add_score<double, 2, full>("full/2d/double", full_mixture(2));
}

}  // namespace retrace::benchmarks
