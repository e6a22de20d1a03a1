// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/erfcx.hpp>
#include <retrace/targets/box_row.hpp>
#include <retrace/targets/box_series.hpp>

namespace retrace {

/// Mixtures of boxes in one and two dimensions, for points near a box: masses and densities as they
/// are, one exponential an edge or narrow interval and none a box. What is further away than
/// 2^-lowest counts as that; the sums are right where their total, which is returned, is above
/// `least`.
template <class T, int Dim>
struct BoxNear {
  static constexpr int largest_dimension = 2;
  /// Products of two stay normal numbers.
  static constexpr T lowest = simd::smallest_exponent<T> / (sizeof(T) == 4 ? 2 : 10);
  static constexpr T furthest = sizeof(T) == 4 ? T(7.0710678) : T(10);  ///< -lowest = furthest^2
  static constexpr T least = sizeof(T) == 4 ? T(2.4e-7) : T(1e-12);

  T const* level;
  int const* index;
  BoxRow row;

  [[nodiscard]] static KOKKOS_INLINE_FUNCTION int scratch(BoxRow const& row) {
    return 3 * row.edges + 2 * row.intervals;
  }

  /// Sums over the boxes of weight mass E[x0 | x, box]; returns that of weight mass.
  template <int stride, class P, class Component>
  RETRACE_INLINE P operator()(Component const& component, P (&sums)[largest_dimension],
                              T* at) const {
    using simd::broadcast, simd::load, simd::fma;
    Cells<stride> const cells{row, at};
    int const d = Dim > 0 ? Dim : row.dimension;
    RETRACE_UNROLL(2)
    for (int j = 0; j < d; ++j) {
      if (level[BoxRow::wide] != T(0)) edges(j, component(j), cells);
      for (int i = index[row.first_interval(j)]; i < index[row.first_interval(j + 1)]; ++i)
        interval(i, component(j), cells);
    }
    P total = broadcast<P>(T(0));
    sums[0] = sums[1] = total;
    for (int k = 0; k < row.boxes; ++k) {
      P const weight = broadcast<P>(level[row.weight(k)]);
      int const a = index[row.interval_of(k, 0)];
      if (d == 1) {
        total = fma(weight, load<P>(cells.mass(a)), total);
        sums[0] = fma(weight, load<P>(cells.moment(a)), sums[0]);
        continue;
      }
      int const b = index[row.interval_of(k, 1)];
      P const first = weight * load<P>(cells.mass(a)), second = load<P>(cells.mass(b));
      total = fma(first, second, total);
      sums[0] = fma(weight * load<P>(cells.moment(a)), second, sums[0]);
      sums[1] = fma(first, load<P>(cells.moment(b)), sums[1]);
    }
    return total;
  }

 private:
  template <int stride>
  struct Cells {
    BoxRow row;
    T* at;

    RETRACE_INLINE T* density(int i) const { return at + 3 * i * stride; }
    RETRACE_INLINE T* above(int i) const { return at + (3 * i + 1) * stride; }
    RETRACE_INLINE T* tail(int i) const { return at + (3 * i + 2) * stride; }
    RETRACE_INLINE T* mass(int i) const { return at + (3 * row.edges + 2 * i) * stride; }
    RETRACE_INLINE T* moment(int i) const { return at + (3 * row.edges + 2 * i + 1) * stride; }
  };

  /// Twice the share of the noise that brings an edge to x or beyond, in two parts: 0 or 2 and a
  /// tail.
  template <class P, int stride>
  RETRACE_INLINE void edges(int j, P x, Cells<stride> const& cells) const {
    using simd::broadcast, simd::store, simd::select_less;
    P const scale = broadcast<P>(level[BoxRow::scale]), zero = broadcast<P>(T(0));
    for (int i = index[row.first_edge(j)]; i < index[row.first_edge(j + 1)]; ++i) {
      P const u = (x - broadcast<P>(level[BoxRow::edge + i])) * scale, minus_u = zero - u;
      P const density = simd::exp2(simd::max(broadcast<P>(lowest), u * minus_u));
      P const tail =
          density * simd::erfcx(simd::max(u, minus_u) * broadcast<P>(T(0.83255461115769775635)));
      store(cells.density(i), density);
      store(cells.above(i), select_less(zero, u, broadcast<P>(T(2)), zero));
      store(cells.tail(i), select_less(zero, u, zero - tail, tail));
    }
  }

  template <class P, int stride>
  RETRACE_INLINE void interval(int i, P x, Cells<stride> const& cells) const {
    using simd::broadcast, simd::load, simd::store, simd::fma, simd::select_less;
    T const* const interval = level + row.interval(i);
    if (interval[BoxRow::Interval::narrow] != T(0)) {
      P const away = (x - broadcast<P>(interval[BoxRow::Interval::image])) *
                     broadcast<P>(level[BoxRow::scale]);
      P const bound = broadcast<P>(furthest), above = simd::max(broadcast<P>(-furthest), away);
      P const distance = select_less(bound, above, bound, above);
      P const density = simd::exp2(distance * (broadcast<P>(T(0)) - distance));
      BoxSeries<P> const j(interval, distance);
      store(cells.mass(i), density * j.mass);
      store(cells.moment(i), density * j.moment);
      return;
    }
    int const low = index[row.ends(i)], high = index[row.ends(i) + 1];
    P const within = load<P>(cells.above(low)) - load<P>(cells.above(high));
    P const mass = (within + (load<P>(cells.tail(low)) - load<P>(cells.tail(high)))) *
                   broadcast<P>(T(0.5) * interval[BoxRow::Interval::per_width]);
    store(cells.mass(i), mass);
    store(cells.moment(i), fma(load<P>(cells.density(low)) - load<P>(cells.density(high)),
                               broadcast<P>(interval[BoxRow::Interval::pull]),
                               x * broadcast<P>(level[BoxRow::inverse_alpha]) * mass));
  }
};

}  // namespace retrace
