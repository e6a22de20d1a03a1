// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Kokkos_Macros.hpp>

namespace retrace {

/// Where the tables of a mixture of boxes hold what. Distances are in units in which the density of
/// the noise is 2^-(distance^2).
struct BoxRow {
  int dimension, edges, intervals, boxes;
  int tiled;  ///< 1 where no edge lies within an interval of its axis, else 0

  // Numbers, for every level: a head, edges, intervals, boxes.
  static constexpr int scale = 0;          ///< distance per difference in x
  static constexpr int inverse_alpha = 1;  ///< 0 where alpha = 0: no interval is wide there
  static constexpr int wide = 2;           ///< 1 where some interval is, else 0
  static constexpr int edge = 3;           ///< alpha edge
  struct Interval {
    static constexpr int narrow = 0;            ///< 1 where it is expanded about its middle, else 0
    static constexpr int centre = 1, half = 2;  ///< of the interval itself
    static constexpr int image = 3;             ///< alpha centre
    static constexpr int width = 4;             ///< of the image, as a distance
    static constexpr int sigmas = 5;            ///< half width of the image over sigma
    static constexpr int per_width = 6;         ///< of a mass: sqrt(2 pi) / (2 sigmas), 0 for 0
    static constexpr int pull = 7;              ///< sigma / (2 alpha sigmas), 0 for 0
    /// Of a narrow interval: J_0 and J_1 / tilt (tilted_interval.hpp) as polynomials in tilt^2,
    /// lowest coefficient first.
    static constexpr int terms = 12;
    static constexpr int zeroth = 8, first = zeroth + terms;
    static constexpr int size = first + terms;
  };
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int interval(int i) const {
    return edge + edges + i * Interval::size;
  }
  /// Weight relative to the largest, and its binary logarithm.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int weight(int k) const { return interval(intervals) + k; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int logit(int k) const { return weight(boxes) + k; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int size() const { return logit(boxes); }

  // Indices, for all levels: first edge and first interval of every axis, [d + 1] each; low and
  // high edge of every interval; the intervals of every box, [k][d]; that from every edge to the
  // next, or -1.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int first_edge(int j) const { return j; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int first_interval(int j) const { return dimension + 1 + j; }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int ends(int i) const { return 2 * (dimension + 1 + i); }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int interval_of(int k, int j) const {
    return ends(intervals) + k * dimension + j;
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int from_edge(int i) const {
    return interval_of(boxes, 0) + i;
  }
};

}  // namespace retrace
