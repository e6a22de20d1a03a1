// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/models/tile_model.hpp>
#include <retrace/targets/box_far.hpp>
#include <retrace/targets/box_near.hpp>

#include <cstdint>

namespace retrace {

/// A mixture of boxes in the fused kernel: y = skip x + out E[x0 | x]. Every edge and every
/// interval of an axis is worked on once for a sample, whatever the number of boxes that share it.
template <class T, int Dim>
struct BoxTile {
  using value_type = T;
  static constexpr int dimension_at_compile_time = Dim;

  T const* table;  ///< [level][row]
  int const* index;
  BoxRow row;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return row.dimension; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    int const near = BoxNear<T, Dim>::scratch(row), far = BoxFar<T, Dim>::scratch(row);
    return (near < far ? far : near) * lanes;
  }

  template <Lanes L>
  RETRACE_INLINE void operator()(L const& lanes, T const* x, T* y, Evaluation<T> const& e,
                                 T* scratch) const {
    using P = typename L::Pack;
    using simd::broadcast, simd::load, simd::store, simd::fma, simd::select_less;
    constexpr int stride = L::lanes, small = BoxNear<T, Dim>::largest_dimension;
    int const d = Dim > 0 ? Dim : row.dimension;
    T const* const level = table + static_cast<std::int64_t>(e.level) * row.size();
    BoxNear<T, Dim> const near{level, index, row};
    BoxFar<T, Dim> const far{level, index, row};
    P const out = broadcast<P>(e.out), skip = broadcast<P>(e.skip), one = broadcast<P>(T(1));
    lanes.each([&](int l) {
      auto const component = [&](int j) { return load<P>(x + j * stride + l); };
      // The prediction is rounded before it is combined, as that of a model outside the kernel is:
      // fused and batched runs give the same bits.
      auto const put = [&](int j, P denoised) {
        store(y + j * stride + l, fma(out, denoised, skip * component(j)));
      };
      typename BoxFar<T, Dim>::template Cells<stride> const cells{row, scratch + l};
      auto const anywhere = [&] {
        P const inverse = one / far.template operator()<P>(component, cells);
        for (int j = 0; j < d; ++j) put(j, load<P>(cells.sum(j)) * inverse);
      };
      if constexpr (Dim > small) {
        anywhere();
      } else {
        if (d > small || row.tiled == 0) {
          anywhere();
          return;
        }
        P sums[small];
        P const total = near.template operator()<stride>(component, sums, scratch + l);
        P const inverse = one / total, least = broadcast<P>(BoxNear<T, Dim>::least);
        RETRACE_UNROLL(2)
        for (int j = 0; j < d; ++j) sums[j] = sums[j] * inverse;
        if (simd::any_less(total, least)) {
          P const other = one / far.template operator()<P>(component, cells);
          RETRACE_UNROLL(2)
          for (int j = 0; j < d; ++j)
            sums[j] = select_less(total, least, load<P>(cells.sum(j)) * other, sums[j]);
        }
        RETRACE_UNROLL(2)
        for (int j = 0; j < d; ++j) put(j, sums[j]);
      }
    });
  }
};

}  // namespace retrace
