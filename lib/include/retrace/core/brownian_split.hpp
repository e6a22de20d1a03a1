// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

namespace retrace {

/// A Brownian motion on an interval, as far as solvers ask: its increment W and its space-time
/// Levy area H = (1/T) integral of (B - the chord), both as unit normals w = W / sqrt(T) and h = H
/// sqrt(12 / T). They are independent.
template <class V>
struct PathPart {
  V w, h;
};

/// How an interval's (w, h) fall on its two parts, of the shares p and q = 1 - p of its length. As
/// unit normals, the whole is an orthonormal map of the parts (w', h', w'', h''),
///   w = sqrt(p) w' + sqrt(q) w'',   h = a (sqrt(q) w' - sqrt(p) w'') + p^1.5 h' + q^1.5 h'',
/// a = sqrt(3 p q), so the parts given the whole are its transpose, and two new unit normals z1, z2
/// along the rest, with s = sqrt(p^3 + q^3), a^2 + s^2 = 1. For p = q these are the formulas of
/// Foster, Lyons and Oberhauser 2020, An optimal polynomial approximation of Brownian motion.
struct BrownianSplit {
  double p, q, root_p, root_q, a, s, cube_p, cube_q;  ///< cube: to the power 3/2

  explicit BrownianSplit(double share)
      : p(share),
        q(1 - share),
        root_p(std::sqrt(p)),
        root_q(std::sqrt(q)),
        a(std::sqrt(3 * p * q)),
        s(std::sqrt(p * p * p + q * q * q)),
        cube_p(p * root_p),
        cube_q(q * root_q) {}

  template <class V>
  [[nodiscard]] PathPart<V> first(PathPart<V> const& whole, V const& z1, V const& z2) const {
    V const across = a * whole.h + s * z2;
    return {root_p * whole.w + root_q * across,
            cube_p * whole.h + cube_q / s * z1 - a * cube_p / s * z2};
  }
  template <class V>
  [[nodiscard]] PathPart<V> second(PathPart<V> const& whole, V const& z1, V const& z2) const {
    V const across = a * whole.h + s * z2;
    return {root_q * whole.w - root_p * across,
            cube_q * whole.h - cube_p / s * z1 - a * cube_q / s * z2};
  }
  /// The whole of two parts: the inverse.
  template <class V>
  [[nodiscard]] PathPart<V> joined(PathPart<V> const& one, PathPart<V> const& two) const {
    return {root_p * one.w + root_q * two.w,
            a * root_q * one.w - a * root_p * two.w + cube_p * one.h + cube_q * two.h};
  }
};

}  // namespace retrace
