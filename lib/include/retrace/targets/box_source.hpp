// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
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
    auto const table = copied<T>(exec, "retrace::box_table", box_table(mixture_, levels));
    auto const index = copied<int>(exec, "retrace::box_index", box_index(mixture_));
    exec.fence("retrace::box_table");
    return {table, index, {table.data(), index.data(), box_row(mixture_)}};
  }

 private:
  template <class To, class Exec, class From>
  static Kokkos::View<To*, typename Exec::memory_space> copied(Exec const& exec,
                                                               std::string const& label,
                                                               std::vector<From> const& values) {
    Kokkos::View<To*, typename Exec::memory_space> view(
        Kokkos::view_alloc(exec, Kokkos::WithoutInitializing, label), values.size());
    auto const mirror = Kokkos::create_mirror_view(view);
    for (std::size_t i = 0; i < values.size(); ++i) mirror(i) = static_cast<To>(values[i]);
    Kokkos::deep_copy(exec, view, mirror);
    return view;
  }

  BoxMixture mixture_;
};

}  // namespace retrace
