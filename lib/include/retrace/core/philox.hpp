// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>

namespace retrace {

/// The ten round keys of Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1,
/// 2, 3").
struct PhiloxKeys {
  static constexpr int rounds = 10;
  simd::Word k0[rounds], k1[rounds];

  explicit RETRACE_INLINE PhiloxKeys(std::uint64_t seed = 0) {
    auto a = static_cast<simd::Word>(seed), b = static_cast<simd::Word>(seed >> 32);
    for (int i = 0; i < rounds; ++i) {
      k0[i] = a;
      k1[i] = b;
      a += 0x9E3779B9U;
      b += 0xBB67AE85U;
    }
  }
};

/// Replaces a counter of four words (a pack of counters) by four random words.
template <class W>
RETRACE_INLINE void philox(PhiloxKeys const& keys, W& c0, W& c1, W& c2, W& c3) {
  RETRACE_UNROLL(10)
  for (int i = 0; i < PhiloxKeys::rounds; ++i) {
    W h0, l0, h1, l1;
    simd::multiply_wide(c0, 0xD2511F53U, h0, l0);
    simd::multiply_wide(c2, 0xCD9E8D57U, h1, l1);
    c0 = h1 ^ c1 ^ simd::broadcast<W>(keys.k0[i]);
    c2 = h0 ^ c3 ^ simd::broadcast<W>(keys.k1[i]);
    c1 = l1;
    c3 = l0;
  }
}

}  // namespace retrace
