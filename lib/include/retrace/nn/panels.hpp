// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>

#include <type_traits>

/// Matrix products of training, on matrices in panels: 32 columns side by side, [panel][row][32],
/// so that every operand is read along whole cache lines and every stride is known. Lanes are
/// columns; each number of a result is one chain of fused operations in the order of the inner
/// index, so bits do not depend on the instruction set, on blocks or on tiles.
namespace retrace::panels {

inline constexpr int columns = 32;

[[nodiscard]] constexpr int count(int all_columns) { return (all_columns + columns - 1) / columns; }

/// Rows of a block that an instruction set has registers for.
template <class Isa>
inline constexpr int block_rows = std::is_same_v<Isa, simd::Avx512> ? 8 : 4;

/// Which way the left operand of a product is read: its rows, or its columns (of the transpose).
enum class Left { straight, transposed };

/// R rows and V packs of a result, in registers.
template <class P, int R, int V>
struct Block {
  using T = typename simd::traits<P>::value;
  static constexpr int width = simd::width<P>;
  P sum[R][V];

  RETRACE_INLINE void fill(T const* row) {
    RETRACE_UNROLL(8)
    for (int r = 0; r < R; ++r) {
      RETRACE_UNROLL(4)
      for (int v = 0; v < V; ++v) sum[r][v] = simd::load<P>(row + v * width);
    }
  }
  RETRACE_INLINE void clear() {
    RETRACE_UNROLL(8)
    for (int r = 0; r < R; ++r) {
      RETRACE_UNROLL(4)
      for (int v = 0; v < V; ++v) sum[r][v] = simd::broadcast<P>(T(0));
    }
  }
  RETRACE_INLINE void load(T const* from) {
    RETRACE_UNROLL(8)
    for (int r = 0; r < R; ++r) {
      RETRACE_UNROLL(4)
      for (int v = 0; v < V; ++v) sum[r][v] = simd::load<P>(from + r * columns + v * width);
    }
  }
  /// The first `rows` of them; the others are 0.
  RETRACE_INLINE void load(T const* from, int rows) {
    RETRACE_UNROLL(8)
    for (int r = 0; r < R; ++r) {
      RETRACE_UNROLL(4)
      for (int v = 0; v < V; ++v)
        sum[r][v] =
            r < rows ? simd::load<P>(from + r * columns + v * width) : simd::broadcast<P>(T(0));
    }
  }
  RETRACE_INLINE void store(T* to) const {
    RETRACE_UNROLL(8)
    for (int r = 0; r < R; ++r) {
      RETRACE_UNROLL(4)
      for (int v = 0; v < V; ++v) simd::store(to + r * columns + v * width, sum[r][v]);
    }
  }
  /// The first `rows` of them.
  RETRACE_INLINE void store(T* to, int rows) const {
    RETRACE_UNROLL(8)
    for (int r = 0; r < R; ++r)
      if (r < rows) {
        RETRACE_UNROLL(4)
        for (int v = 0; v < V; ++v) simd::store(to + r * columns + v * width, sum[r][v]);
      }
  }

  /// Adds the products of `inner` columns (or, transposed, rows) of `left` and rows of `right`.
  template <Left how>
  RETRACE_INLINE void add(T const* left, T const* right, int inner) {
    constexpr int along = how == Left::straight ? 1 : columns,
                  across = how == Left::straight ? columns : 1;
    for (int k = 0; k < inner; ++k) {
      P b[V];
      RETRACE_UNROLL(4)
      for (int v = 0; v < V; ++v) b[v] = simd::load<P>(right + k * columns + v * width);
      RETRACE_UNROLL(8)
      for (int r = 0; r < R; ++r) {
        P const a = simd::broadcast<P>(left[k * along + r * across]);
        RETRACE_UNROLL(4)
        for (int v = 0; v < V; ++v) sum[r][v] = simd::fma(a, b[v], sum[r][v]);
      }
    }
  }
};

/// f(row, pack, where it is in the panel) for every pack of a block.
template <class P, int R, int V, class F>
RETRACE_INLINE void for_each_pack(Block<P, R, V> const&, F const& f) {
  RETRACE_UNROLL(8)
  for (int r = 0; r < R; ++r) {
    RETRACE_UNROLL(4)
    for (int v = 0; v < V; ++v) f(r, v, r * columns + v * simd::width<P>);
  }
}

/// Adds to a block the product of its rows of `left`, a matrix of `rows` rows and `inner` columns,
/// and of `right`, the rows of one panel; goes on behind these.
template <class P, int R, int V, class T>
RETRACE_INLINE T const* multiply(Block<P, R, V>& block, T const* left, int rows, int row, int inner,
                                 T const* right) {
  for (int k = 0; k < inner; k += columns) {
    int const some = inner - k < columns ? inner - k : columns;
    block.template add<Left::straight>(left + (k * rows + row * columns), right, some);
    right += some * columns;
  }
  return right;
}

/// f(integral_constant V, first column) for the packs that hold the first `used` columns of a
/// panel, two at a time.
template <class P, class F>
RETRACE_INLINE void for_packs(int used, F const& f) {
  constexpr int width = simd::width<P>;
  int at = 0;
  for (; at + width < used; at += 2 * width) f(std::integral_constant<int, 2>{}, at);
  if (at < used) f(std::integral_constant<int, 1>{}, at);
}

/// f(block, panel, first column in it, first row) for blocks of R rows over `count` rows, rounded
/// up, of a matrix.
template <class P, int R, class F>
RETRACE_INLINE void for_blocks(int all_columns, int count, F const& f) {
  for (int p = 0; p < panels::count(all_columns); ++p) {
    int const left = all_columns - p * columns;
    for_packs<P>(left < columns ? left : columns, [&](auto packs, int at) {
      for (int row = 0; row < count; row += R) {
        Block<P, R, packs()> block;
        f(block, p, at, row);
      }
    });
  }
}

}  // namespace retrace::panels
