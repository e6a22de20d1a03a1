// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/lane_math.hpp>
#include <retrace/core/philox.hpp>

namespace retrace {

/// Two standard normals from two random words (Box and Muller 1958). The first word w becomes u =
/// (w + 1/2) / 2^32 in (0, 1], w rounded to float first; the second is the angle, in 2^-32 turns.
/// The largest normal is sqrt(66 log 2) = 6.76.
template <class P>
RETRACE_INLINE void box_muller(typename simd::traits<P>::words w0,
                               typename simd::traits<P>::words w1, P& z0, P& z1) {
  P const u = simd::fma(simd::to_float(w0), simd::broadcast<P>(2.3283064365386963e-10f),
                        simd::broadcast<P>(1.1641532182693481e-10f));
  // The rounded logarithm of a u next to 1 may be a positive zero or tiny number: the root must not
  // see it.
  P const r2 = simd::max(simd::log(u) * simd::broadcast<P>(-2.f), simd::broadcast<P>(0.f));
  P const radius = simd::sqrt(r2);
  P sine, cosine;
  simd::sincos_turn(w1, sine, cosine);
  z0 = radius * cosine;
  z1 = radius * sine;
}

/// The four normals of one counter (sample, block and purpose in `high`): words 0, 1 and words 2, 3
/// are pairs.
template <class P>
RETRACE_INLINE void four_normals(PhiloxKeys const& keys, std::uint64_t sample, simd::Word low,
                                 simd::Word high, P (&z)[4]) {
  using W = typename simd::traits<P>::words;
  W c0, c1, c2 = simd::broadcast<W>(low), c3 = simd::broadcast<W>(high);
  simd::count_from(sample, c0, c1);
  philox(keys, c0, c1, c2, c3);
  box_muller(c0, c1, z[0], z[1]);
  box_muller(c2, c3, z[2], z[3]);
}

}  // namespace retrace
