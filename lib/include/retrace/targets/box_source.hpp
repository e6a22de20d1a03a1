// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/core/device_copy.hpp>
#include <retrace/core/prediction.hpp>
#include <retrace/targets/box_mixture.hpp>
#include <retrace/targets/box_tile.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace retrace {

/// Sizes, numbers and indices of a mixture of boxes, as BoxRow lays them out.
[[nodiscard]] BoxRow box_row(BoxMixture const& mixture);
[[nodiscard]] std::vector<double> box_table(BoxMixture const& mixture,
                                            std::span<NoiseLevel const> levels);
[[nodiscard]] std::vector<int> box_index(BoxMixture const& mixture);

/// Makes fused kernels of a BoxMixture (a TileModelSource).
class BoxSource {
 public:
  static constexpr Prediction prediction = Prediction::denoised;

  explicit BoxSource(BoxMixture mixture) : mixture_(std::move(mixture)) {}

  [[nodiscard]] int dimension() const { return mixture_.dimension(); }
  template <class T>
  [[nodiscard]] std::size_t bytes_per_level() const {
    return static_cast<std::size_t>(box_row(mixture_).size()) * sizeof(T);
  }

  template <class T, int Dim, class Exec>
  struct Prepared {
    Kokkos::View<T*, typename Exec::memory_space> table;  ///< kept alive for the tile
    Kokkos::View<int*, typename Exec::memory_space> index;
    BoxTile<T, Dim> tile;
  };
  template <class T, int Dim, class Exec>
  [[nodiscard]] Prepared<T, Dim, Exec> prepare(Exec const& exec,
                                               std::span<NoiseLevel const> levels) const {
    auto const table = device_copy<T>(exec, box_table(mixture_, levels), "retrace::box_table");
    auto const index = device_copy<int>(exec, box_index(mixture_), "retrace::box_index");
    return {table, index, {table.data(), index.data(), box_row(mixture_)}};
  }

 private:
  BoxMixture mixture_;
};

}  // namespace retrace
