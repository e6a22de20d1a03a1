// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/erfcx.hpp>
#include <retrace/models/tile_model.hpp>
#include <retrace/targets/tilted_interval.hpp>

#include <cstdint>

namespace retrace {

/// Where the tables of a mixture of boxes hold what. Distances are in units in which the density of
/// the noise is 2^-(distance^2).
struct BoxRow {
  int dimension, edges, intervals, boxes;

  // Numbers, for every level: a head, edges, intervals, boxes.
  static constexpr int scale = 0;          ///< distance per difference in x
  static constexpr int inverse_alpha = 1;  ///< 0 where alpha = 0: no interval is wide there
  static constexpr int edge = 2;           ///< alpha edge
  struct Interval {
    static constexpr int narrow = 0;            ///< 1 where it is expanded about its middle, else 0
    static constexpr int centre = 1, half = 2;  ///< of the interval itself
    static constexpr int image = 3;             ///< alpha centre
    static constexpr int width = 4;             ///< of the image, as a distance
    static constexpr int sigmas = 5;            ///< half width of the image over sigma
    static constexpr int per_width = 6;         ///< of a mass: sqrt(2 pi) / (2 sigmas), 0 for 0
    static constexpr int pull = 7;              ///< sigma / (2 alpha sigmas), 0 for 0
    static constexpr int size = 8;
  };
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int interval(int i) const {
    return edge + edges + i * Interval::size;
  }
  /// Binary logarithm of the weight, relative to the largest.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int box(int k) const { return interval(intervals) + k; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int size() const { return box(boxes); }

  // Indices, for all levels: first edge and first interval of every axis, [d + 1] each; low and
  // high edge of every interval; the intervals of every box, [k][d].
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int first_edge(int j) const { return j; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int first_interval(int j) const { return dimension + 1 + j; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int ends(int i) const { return 2 * (dimension + 1 + i); }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int interval_of(int k, int j) const {
    return ends(intervals) + k * dimension + j;
  }
};

/// A mixture of boxes in the fused kernel (in float, from four dimensions on, products of masses
/// can underflow 1e5 sigmas out; such samples come out as not finite): y = skip x + out E[x0 | x].
/// Every edge and every interval of an axis is worked on once for a sample, whatever the number of
/// boxes that share it. The mass that the noise puts on an interval is kept as mass * 2^logit,
/// logit the square of the distance to it, so that nothing underflows however far all boxes are.
/// The error of a weight is some rounding errors times that square, as in the logits of other
/// mixtures.
template <class T, int Dim>
struct BoxTile {
  using value_type = T;
  static constexpr int dimension_at_compile_time = Dim;

  T const* table;  ///< [level][row]
  int const* index;
  BoxRow row;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return row.dimension; }
  /// Distance and erfcx of all edges; logit, mass and moment of all intervals; sums of boxes.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    return (2 * row.edges + 3 * row.intervals + 2 * row.dimension) * lanes;
  }

  template <Lanes L>
  RETRACE_INLINE void operator()(L const& lanes, T const* x, T* y, Evaluation<T> const& e,
                                 T* scratch) const {
    using P = typename L::Pack;
    using simd::broadcast, simd::load, simd::store, simd::fma;
    constexpr int stride = L::lanes;
    int const d = Dim > 0 ? Dim : row.dimension;
    T const* const level = table + static_cast<std::int64_t>(e.level) * row.size();
    lanes.each([&](int l) {
      Cells<stride> const cells{row, scratch + l};
      for (int j = 0; j < d; ++j) along_axis<P>(level, j, load<P>(x + j * stride + l), cells);

      auto const logit = [&](int k) {
        P sum = broadcast<P>(level[row.box(k)]);
        for (int j = 0; j < d; ++j) sum = sum + load<P>(cells.logit(index[row.interval_of(k, j)]));
        return sum;
      };
      P top = logit(0), total = broadcast<P>(T(0));
      for (int k = 1; k < row.boxes; ++k) top = simd::max(top, logit(k));
      // NOLINTNEXTLINE(bugprone-branch-clone): the same for Dim = 1 only
      [[maybe_unused]] P sums[Dim > 0 ? Dim : 1] = {}, before[Dim > 0 ? Dim : 1] = {};
      if constexpr (Dim == 0)
        for (int j = 0; j < d; ++j) store(cells.sum(j), total);
      for (int k = 0; k < row.boxes; ++k) {
        P weight = simd::exp2(logit(k) - top);  // times the masses of the axes before j
        RETRACE_UNROLL(8)
        for (int j = 0; j < d; ++j) {
          if constexpr (Dim > 0)
            before[j] = weight;
          else
            store(cells.before(j), weight);
          weight = weight * load<P>(cells.mass(index[row.interval_of(k, j)]));
        }
        total = total + weight;
        P after = broadcast<P>(T(1));
        RETRACE_UNROLL(8)
        for (int j = d - 1; j >= 0; --j) {
          int const i = index[row.interval_of(k, j)];
          if constexpr (Dim > 0)
            sums[j] = fma(before[j] * after, load<P>(cells.moment(i)), sums[j]);
          else
            store(cells.sum(j), fma(load<P>(cells.before(j)) * after, load<P>(cells.moment(i)),
                                    load<P>(cells.sum(j))));
          after = after * load<P>(cells.mass(i));
        }
      }
      // The prediction is rounded before it is combined, as that of a model outside the kernel is:
      // fused and batched runs give the same bits.
      P const inverse = broadcast<P>(T(1)) / total;
      P const out = broadcast<P>(e.out), skip = broadcast<P>(e.skip);
      RETRACE_UNROLL(8)
      for (int j = 0; j < d; ++j) {
        P sum;
        if constexpr (Dim > 0)
          sum = sums[j];
        else
          sum = load<P>(cells.sum(j));
        P const xj = load<P>(x + j * stride + l);
        store(y + j * stride + l, fma(out, sum * inverse, skip * xj));
      }
    });
  }

 private:
  /// Where scratch holds what; `at` is that of the first lane of a pack.
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

  /// What an interval is to a coordinate: its mass under the noise is mass * 2^logit, over its
  /// width (finite as that goes to 0) and but for a constant, and E[x0 | x,
  /// interval] = moment / mass.
  template <class P>
  struct Found {
    P logit, mass, moment;
  };

  template <class P, int stride>
  RETRACE_INLINE void along_axis(T const* level, int j, P x, Cells<stride> const& cells) const {
    using simd::broadcast, simd::store;
    P const scale = broadcast<P>(level[BoxRow::scale]);
    bool edges_are_known = false;
    P density = scale;
    auto const wide_one = [&](int i) {
      if (!edges_are_known) density = edges(level, j, x, cells);
      edges_are_known = true;
      return wide(level, i, x, density, cells);
    };
    for (int i = index[row.first_interval(j)]; i < index[row.first_interval(j + 1)]; ++i) {
      T const* const interval = level + row.interval(i);
      Found<P> found;
      if (interval[BoxRow::Interval::narrow] == T(0)) {
        found = wide_one(i);
      } else {
        P const distance = (x - broadcast<P>(interval[BoxRow::Interval::image])) * scale;
        P const tilt = distance * broadcast<P>(interval[BoxRow::Interval::sigmas] * root_2_ln2);
        found = narrow(interval, distance, tilt);
        P const bound = broadcast<P>(T(largest_tilt)), size = absolute(tilt);
        if (simd::any_less(bound, size)) {
          Found<P> const far = wide_one(i);
          found = {simd::select_less(bound, size, far.logit, found.logit),
                   simd::select_less(bound, size, far.mass, found.mass),
                   simd::select_less(bound, size, far.moment, found.moment)};
        }
      }
      store(cells.logit(i), found.logit);
      store(cells.mass(i), found.mass);
      store(cells.moment(i), found.moment);
    }
  }

  /// Distances and tails of the edges of an axis; returns 2^-(distance^2) of the nearest.
  template <class P, int stride>
  RETRACE_INLINE P edges(T const* level, int j, P x, Cells<stride> const& cells) const {
    using simd::broadcast, simd::store;
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

  template <class P>
  static RETRACE_INLINE Found<P> narrow(T const* interval, P distance, P tilt) {
    using simd::broadcast, simd::fma;
    T const h = interval[BoxRow::Interval::sigmas];
    TiltedInterval<P> const j(tilt, broadcast<P>(h * h));
    return {broadcast<P>(T(0)) - distance * distance, j.zeroth,
            fma(broadcast<P>(interval[BoxRow::Interval::half]), j.first,
                broadcast<P>(interval[BoxRow::Interval::centre]) * j.zeroth)};
  }

  /// From the tails beyond its edges. Where x is not within the interval, both are taken relative
  /// to the density at the nearer edge. Of the edges of the axis the nearer one of an interval that
  /// x is in is the nearest, if no edge lies within the interval; then its density is known.
  template <class P, int stride>
  RETRACE_INLINE Found<P> wide(T const* level, int i, P x, P nearest,
                               Cells<stride> const& cells) const {
    using simd::broadcast, simd::load, simd::fma, simd::select_less;
    P const zero = broadcast<P>(T(0)), one = broadcast<P>(T(1)), half = broadcast<P>(T(0.5));
    int const low = index[row.ends(i)], high = index[row.ends(i) + 1];
    P const u = load<P>(cells.distance(low)), v = load<P>(cells.distance(high));
    P const at_low = load<P>(cells.tail(low)), at_high = load<P>(cells.tail(high));
    // u^2 - v^2: positive where the high edge is the nearer one
    P const fall = broadcast<P>(level[row.interval(i) + BoxRow::Interval::width]) * (u + v);
    P const nearer = select_less(zero, fall, v, u);
    P const logit = zero - nearer * nearer;
    P const ratio = simd::exp2(zero - absolute(fall));  // density at the farther over the nearer
    P const product = u * v;                            // negative within the interval
    P const outside = half * fma(select_less(product, zero, ratio, zero - ratio),
                                 select_less(zero, fall, at_low, at_high),
                                 select_less(zero, fall, at_high, at_low));
    P const density = high == low + 1 ? nearest : simd::exp2(logit);
    P const mass = select_less(product, zero, fma(zero - density, outside, one), outside) *
                   broadcast<P>(level[row.interval(i) + BoxRow::Interval::per_width]);
    P const slope = (one - ratio) * select_less(product, zero, density, one);
    P const factor = broadcast<P>(level[row.interval(i) + BoxRow::Interval::pull]);
    return {select_less(product, zero, zero, logit), mass,
            fma(select_less(zero, fall, zero - factor, factor), slope,
                x * broadcast<P>(level[BoxRow::inverse_alpha]) * mass)};
  }

  template <class P>
  static RETRACE_INLINE P absolute(P a) {
    return simd::max(a, simd::broadcast<P>(T(0)) - a);
  }

  static constexpr T root_ln2 = T(0.83255461115769775635);
  static constexpr T root_2_ln2 = T(1.1774100225154746910);
};

}  // namespace retrace
