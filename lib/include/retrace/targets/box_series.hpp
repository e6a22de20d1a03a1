// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>
#include <retrace/targets/box_row.hpp>

namespace retrace {

/// A narrow interval at `distance` from its middle: what the noise puts on it, over its width and
/// the density of the noise at its middle, and E[x0; interval]. For tilts up to 2: truncation error
/// below 1e-8 (float) and 1e-16 (double) there.
template <class P>
struct BoxSeries {
  P tilt, mass, moment;

  template <class T>
  RETRACE_INLINE BoxSeries(T const* interval, P distance) {
    using Interval = BoxRow::Interval;
    using simd::broadcast, simd::fma;
    constexpr int terms = sizeof(T) == 4 ? 7 : Interval::terms;
    constexpr T root_2_ln2 = T(1.1774100225154746910);
    tilt = distance * broadcast<P>(interval[Interval::sigmas] * root_2_ln2);
    P const square = tilt * tilt;
    P zeroth = broadcast<P>(interval[Interval::zeroth + terms - 1]);
    P first = broadcast<P>(interval[Interval::first + terms - 1]);
    RETRACE_UNROLL(12)
    for (int n = terms - 2; n >= 0; --n) {
      zeroth = fma(zeroth, square, broadcast<P>(interval[Interval::zeroth + n]));
      first = fma(first, square, broadcast<P>(interval[Interval::first + n]));
    }
    mass = zeroth;
    moment = fma(broadcast<P>(interval[Interval::half]) * tilt, first,
                 broadcast<P>(interval[Interval::centre]) * zeroth);
  }
};

}  // namespace retrace
