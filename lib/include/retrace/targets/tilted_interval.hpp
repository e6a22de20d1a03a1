// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>

namespace retrace {

/// Where intervals are expanded: half widths of at most this many sigmas ...
inline constexpr double widest_narrow = 0.3;
/// ... at points whose tilt |z h| is at most this.
inline constexpr double largest_tilt = 0.5;

/// Moments J_i = (1/2) int_{-1}^{1} t^i exp(tilt t - (h t)^2 / 2) dt: what a normal density makes
/// of an interval of half width h sigma whose middle is z sigma away, tilt = z h, t the place
/// within it. By the generating function of the Hermite polynomials, J_0 = sum_n h^2n He_2n(z) /
/// (2n + 1)!, and J_1, J_2 are its derivatives in the tilt. Nothing is divided by h, so h = 0 is
/// allowed. Truncation error below 1e-8 (float) and 1e-16 (double) within the bounds above.
template <class P>
struct TiltedInterval {
  P zeroth, first, second;

  RETRACE_INLINE TiltedInterval(P tilt, P h_squared) {
    using T = typename simd::traits<P>::value;
    using simd::broadcast, simd::fma;
    constexpr int terms = sizeof(T) == 4 ? 5 : 9;
    zeroth = broadcast<P>(T(1));
    first = second = broadcast<P>(T(0));
    P before = broadcast<P>(T(1)), odd = tilt;  // h^n He_n(z) of n = 2k - 2 and 2k - 1
    T factorial = 1;                            // 1 / (2k + 1)!
    RETRACE_UNROLL(9)
    for (int k = 1; k <= terms; ++k) {
      auto const n = static_cast<T>(2 * k);
      factorial /= n * (n + 1);
      P const even = fma(tilt, odd, broadcast<P>(-(n - 1)) * h_squared * before);
      zeroth = fma(broadcast<P>(factorial), even, zeroth);
      first = fma(broadcast<P>(n * factorial), odd, first);
      second = fma(broadcast<P>(n * (n - 1) * factorial), before, second);
      odd = fma(tilt, even, broadcast<P>(-n) * h_squared * odd);
      before = even;
    }
  }
};

}  // namespace retrace
