// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/floating_point.hpp>

#include <Kokkos_Macros.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>

#define RETRACE_INLINE KOKKOS_FORCEINLINE_FUNCTION
#define RETRACE_PRAGMA(text) _Pragma(#text)
#if !defined(__CUDACC__)
#define RETRACE_UNROLL(n) RETRACE_PRAGMA(GCC unroll n)
#elif defined(__CUDA_ARCH__)
#define RETRACE_UNROLL(n) RETRACE_PRAGMA(unroll n)
#else  // nvcc's pass for the host knows neither
#define RETRACE_UNROLL(n)
#endif

/// Lanes of numbers. On a device a lane is a thread and a pack is one number; on a CPU a pack is a
/// vector register. All arithmetic that could be contracted is written as fma, all functions are
/// our own, so that every instruction set gives the same bits. Packs exist for the instruction sets
/// this translation unit is compiled for.
namespace retrace::simd {

struct Scalar {};
struct Avx2 {};
struct Avx512 {};

using Word = std::uint32_t;

/// The pack of T (float, double, Word) in an instruction set; `floats` is the widest float pack,
/// used for noise.
template <class T, class Isa>
struct pack_of;  // left undefined for instruction sets that this translation unit does not have
template <class T>
struct pack_of<T, Scalar> {
  using type = T;
};
template <class T, class Isa>
using pack = typename pack_of<T, Isa>::type;

/// Number of lanes of a pack, and the types that go with it.
template <class P>
struct traits {
  static constexpr int width = 1;
  using value = P;
  using words = Word;
};
template <class P>
inline constexpr int width = traits<P>::width;

// ---- one lane: the arithmetic of a device, and the definition of what every other width must give

template <class P, class T>
requires(width<P> == 1) RETRACE_INLINE P broadcast(T a) { return P(a); }
template <class P>
requires(width<P> == 1) RETRACE_INLINE P load(typename traits<P>::value const* p) { return *p; }
template <class T>
RETRACE_INLINE void store(T* p, T a) {
  *p = a;
}
/// The lanes added up; for one lane itself.
template <class P>
requires(width<P> == 1) RETRACE_INLINE P sum_of(P a) { return a; }
/// Noise is drawn in float and widened.
RETRACE_INLINE void store(double* p, float a) { *p = static_cast<double>(a); }

RETRACE_INLINE float fma(float a, float b, float c) { return ::fmaf(a, b, c); }
RETRACE_INLINE double fma(double a, double b, double c) { return ::fma(a, b, c); }
/// The larger; the second where one of them is NaN.
RETRACE_INLINE float max(float a, float b) { return a > b ? a : b; }
RETRACE_INLINE double max(double a, double b) { return a > b ? a : b; }
RETRACE_INLINE float sqrt(float a) { return ::sqrtf(a); }
RETRACE_INLINE double sqrt(double a) { return ::sqrt(a); }
RETRACE_INLINE Word bits(float a) {
  Word u;
  memcpy(&u, &a, sizeof u);
  return u;
}
RETRACE_INLINE float from_bits(Word a) {
  float u;
  memcpy(&u, &a, sizeof u);
  return u;
}
RETRACE_INLINE float round_even(float a) { return ::rintf(a); }
RETRACE_INLINE double round_even(double a) { return ::rint(a); }
/// a 2^n for whole n; a and the result must be normal numbers.
RETRACE_INLINE float scale2(float a, float n) {
  return from_bits(bits(a) + (static_cast<Word>(static_cast<std::int32_t>(n)) << 23));
}
RETRACE_INLINE double scale2(double a, double n) {
  std::uint64_t u;
  memcpy(&u, &a, sizeof u);
  u += static_cast<std::uint64_t>(static_cast<std::int64_t>(n)) << 52;
  memcpy(&a, &u, sizeof u);
  return a;
}
/// The same for any whole n from -125 (float) or -1021 (double) up, for |a| in [1/2, 2): infinite
/// where the result is too large.
RETRACE_INLINE float scale2_to_infinity(float a, float n) {
  float const first = n < 127.f ? n : 127.f;
  float const rest = n - first < 127.f ? n - first : 127.f;
  return a * scale2(1.f, first) * scale2(1.f, rest);
}
RETRACE_INLINE double scale2_to_infinity(double a, double n) {
  double const first = n < 1023. ? n : 1023.;
  double const rest = n - first < 1023. ? n - first : 1023.;
  return a * scale2(1., first) * scale2(1., rest);
}
/// n where a = m 2^n with m in [3/4, 3/2); a must be a positive normal number.
RETRACE_INLINE double binary_exponent(double a) {
  std::uint64_t u;
  memcpy(&u, &a, sizeof u);
  // Counted from 2^-1024, so that nothing is negative; 0x3fe8... is 3/4.
  u = u - 0x3fe8000000000000U + (std::uint64_t{1024} << 52);
  return static_cast<double>(static_cast<std::int64_t>(u >> 52) - 1024);
}
RETRACE_INLINE float to_float(Word a) { return static_cast<float>(a); }
RETRACE_INLINE float signed_to_float(Word a) {
  return static_cast<float>(static_cast<std::int32_t>(a));
}
RETRACE_INLINE Word shift_signed(Word a, int n) {
  return static_cast<Word>(static_cast<std::int32_t>(a) >> n);
}
/// The 64-bit products with one number, in two words.
RETRACE_INLINE void multiply_wide(Word a, Word b, Word& high, Word& low) {
  std::uint64_t const p = std::uint64_t{a} * b;
  high = static_cast<Word>(p >> 32);
  low = static_cast<Word>(p);
}
/// x where a < b, else y; y where one of a and b is NaN.
RETRACE_INLINE float select_less(float a, float b, float x, float y) { return a < b ? x : y; }
RETRACE_INLINE double select_less(double a, double b, double x, double y) { return a < b ? x : y; }
/// Whether a < b in any lane. For branches only: no lane's result may depend on its neighbours.
RETRACE_INLINE bool any_less(float a, float b) { return a < b; }
RETRACE_INLINE bool any_less(double a, double b) { return a < b; }
/// a where q is odd, else b.
RETRACE_INLINE float select_odd(Word q, float a, float b) { return (q & 1) != 0 ? a : b; }
/// The 64-bit numbers first, first + 1, ... in two words.
RETRACE_INLINE void count_from(std::uint64_t first, Word& low, Word& high) {
  low = static_cast<Word>(first);
  high = static_cast<Word>(first >> 32);
}

}  // namespace retrace::simd

#include <retrace/core/simd_vector.hpp>

namespace retrace::simd {

#if !defined(__CUDACC__) && defined(__AVX512F__) && defined(__AVX512DQ__)
using Native = Avx512;
#elif !defined(__CUDACC__) && defined(__AVX2__) && defined(__FMA__)
using Native = Avx2;
#else
using Native = Scalar;
#endif

}  // namespace retrace::simd
