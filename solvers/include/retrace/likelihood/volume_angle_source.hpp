// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/models/divergence_tile.hpp>
#include <retrace/run/adaptive_executor.hpp>
#include <retrace/run/dimension_case.hpp>

#include <memory>
#include <utility>

namespace retrace {

/// The probability flow in a kernel with one more component L, whose slope is the divergence of the
/// flow of the others: dL/dphi = div_z(dz/dphi).
template <class Tile>
struct VolumeAngleTile {
  using value_type = typename Tile::value_type;
  using T = value_type;
  static constexpr int dimension_at_compile_time =
      Tile::dimension_at_compile_time > 0 ? Tile::dimension_at_compile_time + 1 : 0;

  Tile tile;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return tile.dimension() + 1; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    int const with = tile.divergence_scratch(lanes), without = tile.scratch(lanes);
    return with > without ? with : without;
  }

  template <Lanes L>
  requires(AngleDivergenceModel<Tile, L>) RETRACE_INLINE void operator()(L const& lanes, T const* z,
                                                                         T* y, T const* angle,
                                                                         T const* factor,
                                                                         T* scratch) const {
    tile.with_divergence(lanes, z, y, angle, factor, y + tile.dimension() * L::lanes, scratch);
  }

  /// The same but for L, which stands still: for stages that do not enter an integral.
  template <Lanes L>
  RETRACE_INLINE void without_integrals(L const& lanes, T const* z, T* y, T const* angle,
                                        T const* factor, T* scratch) const {
    using P = typename L::Pack;
    tile(lanes, z, y, angle, factor, scratch);
    T* const volume = y + tile.dimension() * L::lanes;
    lanes.each([&](int l) { simd::store(volume + l, simd::broadcast<P>(T(0))); });
  }
};

/// Makes adaptive kernels of it (an AngleModelSource), of a source whose tiles are
/// AngleDivergenceModels.
template <class Source>
class VolumeAngleSource {
 public:
  explicit VolumeAngleSource(Source source) : source_(std::move(source)) {}

  [[nodiscard]] int dimension() const { return source_.dimension() + 1; }

  template <class Inner>
  struct Prepared {
    Inner inner;  ///< kept alive for the tile
    VolumeAngleTile<decltype(Inner::tile)> tile;
  };
  template <class T, int Dim, class Exec>
  [[nodiscard]] auto prepare(Exec const& exec) const {
    auto inner = source_.template prepare<T, (Dim > 0 ? Dim - 1 : 0), Exec>(exec);
    auto const tile = inner.tile;
    return Prepared<decltype(inner)>{std::move(inner), {tile}};
  }

 private:
  Source source_;
};

/// The adaptive executor of a model with that component, as adaptive_executor() of the model
/// without.
template <class T, AngleModelSource Source>
[[nodiscard]] std::unique_ptr<AdaptiveExecutor<T>> adaptive_volume_executor(Source source) {
  return with_dimension_case(
      source.dimension(),
      [&]<int Dim>(std::integral_constant<int, Dim>) -> std::unique_ptr<AdaptiveExecutor<T>> {
        constexpr int with_volume = Dim > 0 ? Dim + 1 : 0;
        return std::make_unique<TiledAdaptiveExecutor<T, VolumeAngleSource<Source>, with_volume>>(
            VolumeAngleSource<Source>(std::move(source)));
      });
}

}  // namespace retrace
