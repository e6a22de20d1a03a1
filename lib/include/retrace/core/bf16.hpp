// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>

/// Products of bf16 numbers, the upper halves of floats, two to a 32-bit word, with sums in float:
/// what AVX512_BF16 has instructions for, and the same bits without them.
///
/// VDPBF16PS adds two products to a sum by two fused operations, that of the high halves first, and
/// takes and gives denormal numbers as zero, whatever the processor's mode (Intel's description;
/// Zen 5 does the same: none of 2e8 random and extreme cases differs). Numbers below 2^-63 are
/// packed as zero. If their factors are 0 or at least 2^-49, and the first summand is 0 or at least
/// 2^-103, every sum is a multiple of 2^-126, so that there are no denormal numbers to disagree on.
namespace retrace::simd {

inline constexpr float bf16_least = 0x1p-63F, bf16_least_factor = 0x1p-49F,
                       bf16_least_summand = 0x1p-103F;

/// The numbers in the halves of words.
template <class W>
RETRACE_INLINE auto bf16_low(W a) {
  return from_bits(a << 16);
}
template <class W>
RETRACE_INLINE auto bf16_high(W a) {
  return from_bits(a & broadcast<W>(Word{0xffff0000}));
}

/// The nearest bf16, of two the even one; 0 where it is below bf16_least, NaN of NaN.
template <class P>
RETRACE_INLINE P bf16_nearest(P a) {
  using W = typename traits<P>::words;
  P const zero = broadcast<P>(0.F), lowest = broadcast<P>(from_bits(Word{0xff800000}));
  W const to_even = (bits(a) >> 16) & broadcast<W>(Word{1});
  P const up = from_bits(bits(a) + broadcast<W>(Word{0x7fff}) + to_even);
  // The sum of bits could make a number of NaN.
  P const any = select_less(lowest, a, up, select_less(a, zero, up, a + a));
  P const cut = bf16_high(bits(any));
  return select_less(max(cut, zero - cut), broadcast<P>(bf16_least), zero, cut);
}

/// Both, rounded as by bf16_nearest(), in words.
template <class P>
RETRACE_INLINE auto bf16_pair(P low, P high) {
  return (bits(bf16_nearest(low)) >> 16) ^ bits(bf16_nearest(high));
}

/// sum + high(a) high(b) + low(a) low(b), in this order.
template <class P>
RETRACE_INLINE P bf16_dot(typename traits<P>::words a, typename traits<P>::words b, P sum) {
  return fma(bf16_low(a), bf16_low(b), fma(bf16_high(a), bf16_high(b), sum));
}

#if !defined(__CUDACC__) && defined(__AVX512BF16__) && defined(__AVX512BW__)

RETRACE_INLINE Word16 bf16_pair(Float16 low, Float16 high) {
  __m512i const halves = reinterpret_cast<__m512i>(_mm512_cvtne2ps_pbh(high.v, low.v));
  // Word 2 i is lane i of `low`, word 2 i + 1 that of `high`.
  Word16::Raw const first{0x100000, 0x110001, 0x120002, 0x130003, 0x140004, 0x150005,
                          0x160006, 0x170007, 0x180008, 0x190009, 0x1a000a, 0x1b000b,
                          0x1c000c, 0x1d000d, 0x1e000e, 0x1f000f};
  __m512i const pairs = _mm512_permutexvar_epi16(reinterpret_cast<__m512i>(first), halves);
  // Exponents from 2^-63 up have one of their first two bits.
  __mmask32 const kept = _mm512_test_epi16_mask(pairs, _mm512_set1_epi16(0x6000));
  return words(_mm512_maskz_mov_epi16(kept, pairs));
}
RETRACE_INLINE Float16 bf16_dot(Word16 a, Word16 b, Float16 sum) {
  return {_mm512_dpbf16_ps(sum.v, reinterpret_cast<__m512bh>(raw(a)),
                           reinterpret_cast<__m512bh>(raw(b)))};
}

#endif

}  // namespace retrace::simd
