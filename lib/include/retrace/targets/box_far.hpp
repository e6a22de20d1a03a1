// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/erfcx.hpp>
#include <retrace/targets/box_row.hpp>
#include <retrace/targets/box_series.hpp>

namespace retrace {

/// Mixtures of boxes in any dimension and for points anywhere. The mass that the noise puts on an
/// interval is kept as mass * 2^logit, logit the square of the distance to it, and the masses
/// relative to those of the likeliest box, so that nothing underflows however far all boxes are.
/// The error of a weight is some rounding errors times that square, as in the logits of other
/// mixtures.
template <class T, int Dim>
struct BoxFar {
  T const* level;
  int const* index;
  BoxRow row;

  /// Distance and tail of all edges; logit, mass and moment of all intervals; sums of boxes.
  [[nodiscard]] static KOKKOS_INLINE_FUNCTION int scratch(BoxRow const& row) {
    return 2 * row.edges + 3 * row.intervals + 2 * row.dimension;
  }

  template <int stride>
  struct Cells {
    BoxRow row;
    T* at;

    RETRACE_INLINE T* distance(int i) const { return at + i * stride; }
    RETRACE_INLINE T* tail(int i) const { return at + (row.edges + i) * stride; }
    RETRACE_INLINE T* logit(int i) const { return at + (2 * row.edges + i) * stride; }
    RETRACE_INLINE T* mass(int i) const { return logit(row.intervals + i); }
    RETRACE_INLINE T* moment(int i) const { return logit(2 * row.intervals + i); }
    RETRACE_INLINE T* sum(int j) const { return logit(3 * row.intervals + j); }
    RETRACE_INLINE T* before(int j) const { return sum(row.dimension + j); }
  };

  /// Sums over the boxes of weight mass E[x0 | x, box], into cells; returns that of weight mass,
  /// both relative to the likeliest box.
  template <class P, int stride, class Component>
  RETRACE_INLINE P operator()(Component const& component, Cells<stride> const& cells) const {
    using simd::broadcast, simd::load, simd::store, simd::fma;
    int const d = Dim > 0 ? Dim : row.dimension;
    P const zero = broadcast<P>(T(0)), one = broadcast<P>(T(1));
    for (int j = 0; j < d; ++j) along_axis(j, component(j), cells);
    P const top = relative_to_the_likeliest<P>(d, cells);
    P total = zero;
    for (int j = 0; j < d; ++j) store(cells.sum(j), zero);
    for (int k = 0; k < row.boxes; ++k) {
      P weight = simd::exp2(logit<P>(k, d, cells) - top);  // times the masses of the axes before j
      for (int j = 0; j < d; ++j) {
        store(cells.before(j), weight);
        weight = weight * load<P>(cells.mass(index[row.interval_of(k, j)]));
      }
      total = total + weight;
      P after = one;
      for (int j = d - 1; j >= 0; --j) {
        int const i = index[row.interval_of(k, j)];
        store(cells.sum(j), fma(load<P>(cells.before(j)) * after, load<P>(cells.moment(i)),
                                load<P>(cells.sum(j))));
        after = after * load<P>(cells.mass(i));
      }
    }
    return total;
  }

 private:
  template <class P, int stride>
  RETRACE_INLINE P logit(int k, int d, Cells<stride> const& cells) const {
    P sum = simd::broadcast<P>(level[row.logit(k)]);
    for (int j = 0; j < d; ++j)
      sum = sum + simd::load<P>(cells.logit(index[row.interval_of(k, j)]));
    return sum;
  }

  /// Divides the masses and moments of every axis by the mass of the box with the largest logit,
  /// which is returned: the product of many small ones must not underflow.
  template <class P, int stride>
  RETRACE_INLINE P relative_to_the_likeliest(int d, Cells<stride> const& cells) const {
    using simd::load, simd::store, simd::select_less;
    P top = logit<P>(0, d, cells);
    for (int j = 0; j < d; ++j)
      store(cells.before(j), load<P>(cells.mass(index[row.interval_of(0, j)])));
    for (int k = 1; k < row.boxes; ++k) {
      P const next = logit<P>(k, d, cells);
      for (int j = 0; j < d; ++j)
        store(cells.before(j),
              select_less(top, next, load<P>(cells.mass(index[row.interval_of(k, j)])),
                          load<P>(cells.before(j))));
      top = simd::max(top, next);
    }
    for (int j = 0; j < d; ++j) {
      P const inverse = simd::broadcast<P>(T(1)) / load<P>(cells.before(j));
      for (int i = index[row.first_interval(j)]; i < index[row.first_interval(j + 1)]; ++i) {
        store(cells.mass(i), load<P>(cells.mass(i)) * inverse);
        store(cells.moment(i), load<P>(cells.moment(i)) * inverse);
      }
    }
    return top;
  }

  /// What an interval is to a coordinate: its mass under the noise is mass * 2^logit, over its
  /// width (finite as that goes to 0) and but for a constant, and E[x0 | x, interval] = moment /
  /// mass.
  template <class P>
  struct Found {
    P logit, mass, moment;
  };

  template <class P, int stride>
  RETRACE_INLINE void along_axis(int j, P x, Cells<stride> const& cells) const {
    using simd::broadcast, simd::store, simd::select_less;
    P const scale = broadcast<P>(level[BoxRow::scale]);
    bool edges_are_known = false;
    P density = scale;
    auto const wide_one = [&](int i) {
      if (!edges_are_known) density = edges(j, x, cells);
      edges_are_known = true;
      return wide(i, x, density, cells);
    };
    for (int i = index[row.first_interval(j)]; i < index[row.first_interval(j + 1)]; ++i) {
      T const* const interval = level + row.interval(i);
      Found<P> found;
      if (interval[BoxRow::Interval::narrow] == T(0)) {
        found = wide_one(i);
      } else {
        P const distance = (x - broadcast<P>(interval[BoxRow::Interval::image])) * scale;
        BoxSeries<P> const narrow(interval, distance);
        found = {broadcast<P>(T(0)) - distance * distance, narrow.mass, narrow.moment};
        P const bound = broadcast<P>(T(largest_tilt)), size = absolute(narrow.tilt);
        if (simd::any_less(bound, size)) {
          Found<P> const far = wide_one(i);
          found = {select_less(bound, size, far.logit, found.logit),
                   select_less(bound, size, far.mass, found.mass),
                   select_less(bound, size, far.moment, found.moment)};
        }
      }
      store(cells.logit(i), found.logit);
      store(cells.mass(i), found.mass);
      store(cells.moment(i), found.moment);
    }
  }

  /// Distances and tails of the edges of an axis; returns 2^-(distance^2) of the nearest.
  template <class P, int stride>
  RETRACE_INLINE P edges(int j, P x, Cells<stride> const& cells) const {
    using simd::broadcast, simd::store;
    constexpr T root_ln2 = T(0.83255461115769775635);
    P largest = broadcast<P>(simd::smallest_exponent<T>);
    for (int i = index[row.first_edge(j)]; i < index[row.first_edge(j + 1)]; ++i) {
      P const distance =
          (x - broadcast<P>(level[BoxRow::edge + i])) * broadcast<P>(level[BoxRow::scale]);
      store(cells.distance(i), distance);
      store(cells.tail(i), simd::erfcx(absolute(distance) * broadcast<P>(root_ln2)));
      largest = simd::max(broadcast<P>(T(0)) - distance * distance, largest);
    }
    return simd::exp2(largest);
  }

  /// From the tails beyond its edges. Where x is not within the interval, both are taken relative
  /// to the density at the nearer edge. Of the edges of the axis the nearer one of an interval that
  /// x is in is the nearest, if no edge lies within the interval; then its density is known.
  template <class P, int stride>
  RETRACE_INLINE Found<P> wide(int i, P x, P nearest, Cells<stride> const& cells) const {
    using simd::broadcast, simd::load, simd::fma, simd::select_less;
    P const zero = broadcast<P>(T(0)), one = broadcast<P>(T(1)), half = broadcast<P>(T(0.5));
    T const* const interval = level + row.interval(i);
    int const low = index[row.ends(i)], high = index[row.ends(i) + 1];
    P const u = load<P>(cells.distance(low)), v = load<P>(cells.distance(high));
    P const at_low = load<P>(cells.tail(low)), at_high = load<P>(cells.tail(high));
    // u^2 - v^2: positive where the high edge is the nearer one
    P const fall = broadcast<P>(interval[BoxRow::Interval::width]) * (u + v);
    P const nearer = select_less(zero, fall, v, u);
    P const logit = zero - nearer * nearer;
    P const ratio = simd::exp2(zero - absolute(fall));  // density at the farther over the nearer
    P const product = u * v;                            // negative within the interval
    P const outside = half * fma(select_less(product, zero, ratio, zero - ratio),
                                 select_less(zero, fall, at_low, at_high),
                                 select_less(zero, fall, at_high, at_low));
    P const density = high == low + 1 ? nearest : simd::exp2(logit);
    P const mass = select_less(product, zero, fma(zero - density, outside, one), outside) *
                   broadcast<P>(interval[BoxRow::Interval::per_width]);
    P const slope = (one - ratio) * select_less(product, zero, density, one);
    P const factor = broadcast<P>(interval[BoxRow::Interval::pull]);
    return {select_less(product, zero, zero, logit), mass,
            fma(select_less(zero, fall, zero - factor, factor), slope,
                x * broadcast<P>(level[BoxRow::inverse_alpha]) * mass)};
  }

  template <class P>
  static RETRACE_INLINE P absolute(P a) {
    return simd::max(a, simd::broadcast<P>(T(0)) - a);
  }

  static constexpr T largest_tilt = T(1.5);  ///< of intervals that are expanded
};

}  // namespace retrace
