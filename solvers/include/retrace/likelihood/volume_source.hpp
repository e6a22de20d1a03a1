// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/device_copy.hpp>
#include <retrace/likelihood/volume_row.hpp>
#include <retrace/models/divergence_tile.hpp>
#include <retrace/run/dimension_case.hpp>
#include <retrace/run/fused.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace retrace {

/// A tile model with the VolumeRow as its last component: a TileModel of one dimension more, for
/// unchanged programs. The first d components get the bits they get without it.
template <class Tile>
struct VolumeTile {
  using value_type = typename Tile::value_type;
  using T = value_type;
  static constexpr int dimension_at_compile_time =
      Tile::dimension_at_compile_time > 0 ? Tile::dimension_at_compile_time + 1 : 0;
  static constexpr int numbers = 3;  ///< of a VolumeRow

  Tile tile;
  T const* rows;  ///< [level][numbers]

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return tile.dimension() + 1; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    return tile.divergence_scratch(lanes) + lanes;
  }

  template <Lanes L>
  requires(DivergenceTile<Tile, L>) RETRACE_INLINE void operator()(L const& lanes, T const* x, T* y,
                                                                   Evaluation<T> const& e,
                                                                   T* scratch) const {
    using P = typename L::Pack;
    using simd::broadcast, simd::load, simd::fma;
    T* const divergence = scratch;
    tile.with_divergence(lanes, x, y, e, divergence, scratch + L::lanes);
    T const* const row = rows + e.level * numbers;
    P const of_row = broadcast<P>(row[0]), of_divergence = broadcast<P>(row[1]);
    P const constant = broadcast<P>(row[2]), skip = broadcast<P>(e.skip), out = broadcast<P>(e.out);
    int const last = tile.dimension() * L::lanes;
    lanes.each([&](int l) {
      P const held = load<P>(x + last + l);
      P const m = fma(of_divergence, load<P>(divergence + l), fma(of_row, held, constant));
      simd::store(y + last + l, fma(out, m, skip * held));
    });
  }
};

/// Makes fused kernels of a model and the VolumeRow (a TileModelSource), of a source whose tiles
/// are DivergenceTiles.
template <class Source>
class VolumeSource {
 public:
  Prediction prediction;

  explicit VolumeSource(Source source)
      : prediction(source.prediction), source_(std::move(source)) {}

  [[nodiscard]] int dimension() const { return source_.dimension() + 1; }
  template <class T>
  [[nodiscard]] std::size_t bytes_per_level() const {
    return source_.template bytes_per_level<T>() + sizeof(VolumeRow) / sizeof(double) * sizeof(T);
  }

  template <class Inner, class T, class Exec>
  struct Prepared {
    Inner inner;  ///< kept alive for the tile, as `rows` is
    Kokkos::View<T*, typename Exec::memory_space> rows;
    VolumeTile<decltype(Inner::tile)> tile;
  };
  template <class T, int Dim, class Exec>
  [[nodiscard]] auto prepare(Exec const& exec, std::span<NoiseLevel const> levels) const {
    auto inner = source_.template prepare<T, (Dim > 0 ? Dim - 1 : 0), Exec>(exec, levels);
    std::vector<double> numbers;
    for (NoiseLevel const& level : levels) {
      VolumeRow const row = volume_row(prediction, level, source_.dimension());
      numbers.insert(numbers.end(), {row.of_row, row.of_divergence, row.constant});
    }
    auto const rows = device_copy<T>(exec, numbers, "retrace::volume_rows");
    auto const tile = inner.tile;
    return Prepared<decltype(inner), T, Exec>{std::move(inner), rows, {tile, rows.data()}};
  }

 private:
  Source source_;
};

/// The fused executor of a model with the VolumeRow, as fused_executor() of the model without.
template <class T, TileModelSource Source>
[[nodiscard]] std::unique_ptr<Executor<T>> volume_executor(Source source) {
  return with_dimension_case(
      source.dimension(),
      [&]<int Dim>(std::integral_constant<int, Dim>) -> std::unique_ptr<Executor<T>> {
        constexpr int with_volume = Dim > 0 ? Dim + 1 : 0;
        return std::make_unique<FusedExecutor<T, VolumeSource<Source>, with_volume>>(
            VolumeSource<Source>(std::move(source)));
      });
}

}  // namespace retrace
