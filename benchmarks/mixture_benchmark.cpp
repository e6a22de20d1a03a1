// SPDX-License-Identifier: Apache-2.0
// The model of the fused kernels alone: E[x0 | x] of a mixture of eight Gaussians on one tile of
// samples, which stays in the first cache level, at one noise level after the other.
#include "support/mixtures.hpp"
#include "support/paired.hpp"
#include "support/registration.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/run/fused.hpp>
#include <retrace/run/lanes.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>
#include <retrace/targets/mixture_source.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace retrace::benchmarks {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;

std::vector<NoiseLevel> levels_of_a_run() {
  Grid const grid = grids::log_snr{}(vp{}, 100, {1.0, 1e-3});
  std::vector<NoiseLevel> levels;
  for (auto const [s, t, i] : grid.steps()) levels.push_back(s);
  return levels;
}

/// Rows of a tile, filled with standard normals.
template <class T>
Kokkos::View<T*, Kokkos::HostSpace> noise_tile(int dimension, int lanes) {
  Kokkos::View<T*, Kokkos::HostSpace> tile("tile", static_cast<std::size_t>(dimension * lanes));
  std::vector<float> z(tile.extent(0));
  draw_normals(1, 0, Purpose::start, {}, z);
  for (std::size_t i = 0; i < z.size(); ++i) tile(i) = static_cast<T>(z[i]);
  return tile;
}

template <class Model, class Walk, class T = typename Model::value_type>
[[gnu::noinline]] void evaluate_levels(Model const& model, Walk const& lanes, int levels,
                                       T const* x, T* y, T* scratch) {
  for (int level = 0; level < levels; ++level)
    model(lanes, x, y, {.level = level, .condition = 0, .skip = T(0), .out = T(1)}, scratch);
}

template <class T, int Dim, CovarianceShape shape>
void add_score(std::string const& name, Mixture const& mixture) {
  add("mixture/" + name, [=](benchmark::State& state) {
    constexpr int lanes = tile_lanes(Dim);
    std::vector<NoiseLevel> const levels = levels_of_a_run();
    auto const prepared =
        MixtureSource<shape>(mixture).template prepare<T, Dim, Host>(Host{}, levels);
    auto const model = prepared.tile;
    auto const x = noise_tile<T>(mixture.dimension(), lanes);
    auto const y = noise_tile<T>(mixture.dimension(), lanes);
    auto const scratch = noise_tile<T>(mixture.dimension(), lanes);
    std::int64_t const passes = effort().scaled(30);
    measure(state,
            {.run =
                 [&] {
                   for (std::int64_t pass = 0; pass < passes; ++pass)
                     evaluate_levels(model, HostLanes<T, simd::Native, lanes>{},
                                     static_cast<int>(levels.size()), x.data(), y.data(),
                                     scratch.data());
                 },
             .units = static_cast<double>(passes * lanes) * static_cast<double>(levels.size()),
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
