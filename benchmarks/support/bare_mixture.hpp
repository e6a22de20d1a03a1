// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/core/draw.hpp>
#include <retrace/run/fused.hpp>
#include <retrace/run/lanes.hpp>
#include <retrace/targets/mixture_source.hpp>

#include <cstddef>
#include <vector>

namespace retrace::benchmarks {

/// Rows of a tile, filled with standard normals.
template <class T>
Kokkos::View<T*, Kokkos::HostSpace> noise_tile(int dimension, int lanes) {
  Kokkos::View<T*, Kokkos::HostSpace> tile("tile", static_cast<std::size_t>(dimension * lanes));
  std::vector<float> z(tile.extent(0));
  draw_normals(1, 0, Purpose::start, {}, z);
  for (std::size_t i = 0; i < z.size(); ++i) tile(i) = static_cast<T>(z[i]);
  return tile;
}

/// A mixture as it is inside the fused kernel, alone: E[x0 | x] of one tile, which stays in the
/// first cache level, at one noise level after the other.
template <class T, int Dim, CovarianceShape shape>
class BareMixture {
  using Host = Kokkos::DefaultHostExecutionSpace;

 public:
  static constexpr int lanes = tile_lanes<T>(Dim);

  BareMixture(Mixture const& mixture, std::vector<NoiseLevel> const& levels)
      : levels_(static_cast<int>(levels.size())),
        prepared_(MixtureSource<shape>(mixture).template prepare<T, Dim, Host>(Host{}, levels)),
        x_(noise_tile<T>(mixture.dimension(), lanes)),
        y_(noise_tile<T>(mixture.dimension(), lanes)),
        scratch_(noise_tile<T>(mixture.dimension(), lanes)) {}

  [[nodiscard]] int levels() const { return levels_; }

  [[gnu::noinline]] void evaluate_levels() const {
    for (int level = 0; level < levels_; ++level)
      prepared_.tile(HostLanes<T, simd::Native, lanes>{}, x_.data(), y_.data(),
                     {.level = level, .condition = 0, .skip = T(0), .out = T(1)}, scratch_.data());
  }

 private:
  int levels_;
  typename MixtureSource<shape>::template Prepared<T, Dim, Host> prepared_;
  Kokkos::View<T*, Kokkos::HostSpace> x_, y_, scratch_;
};

}  // namespace retrace::benchmarks
