// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/erfcx.hpp>
#include <retrace/targets/box_row.hpp>
#include <retrace/targets/box_series.hpp>

namespace retrace {

/// Mixtures of boxes in one and two dimensions, no edge of which lies within an interval of its
/// axis, for points near a box: masses and densities as they are, one exponential an edge or narrow
/// interval and none a box. What is further away than `furthest` counts as that far; the sums are
/// right where their total, which is returned, is above `least`.
template <class T, int Dim>
struct BoxNear {
  static constexpr int largest_dimension = 2;
  /// Products of two densities stay normal numbers.
  static constexpr T furthest = sizeof(T) == 4 ? T(7.0710678) : T(10);
  static constexpr T least = sizeof(T) == 4 ? T(2.4e-7) : T(1e-12);

  T const* level;
  int const* index;
  BoxRow row;

  [[nodiscard]] static KOKKOS_INLINE_FUNCTION int scratch(BoxRow const& row) {
    return 2 * row.intervals;
  }

  /// Sums over the boxes of weight mass E[x0 | x, box]; returns that of weight mass.
  template <int stride, class P, class Component>
  RETRACE_INLINE P operator()(Component const& component, P (&sums)[largest_dimension],
                              T* at) const {
    using simd::broadcast, simd::load, simd::fma;
    Cells<stride> const cells{row, at};
    int const d = Dim > 0 ? Dim : row.dimension;
    RETRACE_UNROLL(2)
    for (int j = 0; j < d; ++j) along_axis(j, component(j), cells);
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

    RETRACE_INLINE T* mass(int i) const { return at + 2 * i * stride; }
    RETRACE_INLINE T* moment(int i) const { return at + (2 * i + 1) * stride; }
  };

  template <class P, int stride>
  RETRACE_INLINE void along_axis(int j, P x, Cells<stride> const& cells) const {
    using simd::broadcast, simd::store;
    if (level[BoxRow::wide] == T(0)) {
      for (int i = index[row.first_interval(j)]; i < index[row.first_interval(j + 1)]; ++i)
        narrow(i, x, cells);
      return;
    }
    P const state = x * broadcast<P>(level[BoxRow::inverse_alpha]);
    Edge<P> low(*this, index[row.first_edge(j)], x);
    for (int e = index[row.first_edge(j)] + 1; e < index[row.first_edge(j + 1)]; ++e) {
      Edge<P> const high(*this, e, x);
      int const i = index[row.from_edge(e - 1)];
      T const* const interval = level + row.interval(i < 0 ? 0 : i);
      if (i >= 0 && interval[BoxRow::Interval::narrow] != T(0)) {
        narrow(i, x, cells);
      } else if (i >= 0) {
        P const mass = ((low.above - high.above) + (low.tail - high.tail)) *
                       broadcast<P>(T(0.5) * interval[BoxRow::Interval::per_width]);
        store(cells.mass(i), mass);
        store(cells.moment(i),
              simd::fma(low.density - high.density, broadcast<P>(interval[BoxRow::Interval::pull]),
                        state * mass));
      }
      low = high;
    }
  }

  /// Density of the noise at an edge, and twice the share of it that brings the edge to x or
  /// beyond, in two parts: 0 or 2, and a tail with its sign.
  template <class P>
  struct Edge {
    P density, above, tail;

    RETRACE_INLINE Edge(BoxNear const& boxes, int i, P x) {
      using simd::broadcast, simd::select_less;
      T const* const at = boxes.level;
      P const zero = broadcast<P>(T(0)), bound = broadcast<P>(furthest);
      P const u = (x - broadcast<P>(at[BoxRow::edge + i])) * broadcast<P>(at[BoxRow::scale]);
      P const away = simd::max(u, zero - u), a = select_less(bound, away, bound, away);
      density = simd::exp2_of_normal((zero - a) * a);
      P const share = density * over_density(a);
      above = select_less(zero, u, broadcast<P>(T(2)), zero);
      tail = select_less(zero, u, zero - share, share);
    }
  };

  /// erfcx(distance sqrt(log 2)). In float a minimax quotient on [0, furthest], relative error 4e-8
  /// before rounding: it costs half of what one on [0, inf] does.
  template <class P>
  static RETRACE_INLINE P over_density(P distance) {
    if constexpr (sizeof(T) == 4) {
      constexpr float above[] = {2.52646815e-6f, 4.07017146e-2f, 0.273872187f, 0.759426239f,
                                 0.999999959f};
      constexpr float below[] = {6.01772913e-2f, 0.402569990f, 1.17673086f, 1.69886064f, 1.f};
      return simd::detail::polynomial(distance, above) / simd::detail::polynomial(distance, below);
    } else {
      return simd::erfcx(distance * simd::broadcast<P>(T(0.83255461115769775635)));
    }
  }

  template <class P, int stride>
  RETRACE_INLINE void narrow(int i, P x, Cells<stride> const& cells) const {
    using simd::broadcast, simd::store;
    T const* const interval = level + row.interval(i);
    P const away =
        (x - broadcast<P>(interval[BoxRow::Interval::image])) * broadcast<P>(level[BoxRow::scale]);
    P const bound = broadcast<P>(furthest), above = simd::max(broadcast<P>(-furthest), away);
    P const distance = simd::select_less(bound, above, bound, above);
    P const density = simd::exp2_of_normal(distance * (broadcast<P>(T(0)) - distance));
    BoxSeries<P> const j(interval, distance);
    store(cells.mass(i), density * j.mass);
    store(cells.moment(i), density * j.moment);
  }
};

}  // namespace retrace
