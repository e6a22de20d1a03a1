// SPDX-License-Identifier: Apache-2.0
#pragma once

// Vector packs for AVX2 and AVX-512; simd.hpp includes it where the build has them.
#include <retrace/core/simd.hpp>

#if !defined(__CUDACC__) && defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

namespace retrace::simd {

/// `Bytes` bytes of T in a vector register. Operators are the compiler's own.
template <class T, int Bytes>
struct Vector {
  // NOLINTNEXTLINE(modernize-use-using): GCC takes a dependent vector_size in a typedef only
  typedef T Raw __attribute__((vector_size(Bytes)));
  Raw v;

  friend RETRACE_INLINE Vector operator+(Vector a, Vector b) { return {a.v + b.v}; }
  friend RETRACE_INLINE Vector operator-(Vector a, Vector b) { return {a.v - b.v}; }
  friend RETRACE_INLINE Vector operator*(Vector a, Vector b) { return {a.v * b.v}; }
  friend RETRACE_INLINE Vector operator/(Vector a, Vector b) { return {a.v / b.v}; }
  friend RETRACE_INLINE Vector operator^(Vector a, Vector b) { return {a.v ^ b.v}; }
  friend RETRACE_INLINE Vector operator&(Vector a, Vector b) { return {a.v & b.v}; }
  friend RETRACE_INLINE Vector operator<<(Vector a, int n) { return {a.v << n}; }
  friend RETRACE_INLINE Vector operator>>(Vector a, int n) { return {a.v >> n}; }
};

template <class T, int Bytes>
struct traits<Vector<T, Bytes>> {
  static constexpr int width = Bytes / int{sizeof(T)};
  using value = T;
  using words = Vector<Word, Bytes>;
};
template <class T>
struct pack_of<T, Avx2> {
  using type = Vector<T, 32>;
};
template <class T>
struct pack_of<T, Avx512> {
  using type = Vector<T, 64>;
};

template <class P, class T>
requires(width<P> > 1) RETRACE_INLINE P broadcast(T a) { return {a - typename P::Raw{}}; }
template <class P>
requires(width<P> > 1) RETRACE_INLINE P load(typename traits<P>::value const* p) {
  return {*reinterpret_cast<typename P::Raw const*>(p)};
}
template <class T, int Bytes>
RETRACE_INLINE void store(T* p, Vector<T, Bytes> a) {
  *reinterpret_cast<typename Vector<T, Bytes>::Raw*>(p) = a.v;
}
template <class T, int Bytes>
RETRACE_INLINE T sum_of(Vector<T, Bytes> a) {
  T sum = 0;
  for (int i = 0; i < width<Vector<T, Bytes>>; ++i) sum += a.v[i];
  return sum;
}
template <class T, int Bytes>
RETRACE_INLINE Vector<T, Bytes> select_less(Vector<T, Bytes> a, Vector<T, Bytes> b,
                                            Vector<T, Bytes> x, Vector<T, Bytes> y) {
  return {a.v < b.v ? x.v : y.v};
}
template <int Bytes>
RETRACE_INLINE Vector<double, Bytes> binary_exponent(Vector<double, Bytes> a) {
  using Wide = typename Vector<std::uint64_t, Bytes>::Raw;
  constexpr std::uint64_t from = (std::uint64_t{1024} << 52) - 0x3fe8000000000000U;
  constexpr std::uint64_t two_to_52 = 0x4330000000000000U;  // as a double; n in its lowest bits
  Wide const u = ((reinterpret_cast<Wide>(a.v) + from) >> 52) | two_to_52;
  return {reinterpret_cast<typename Vector<double, Bytes>::Raw>(u) - (0x1p52 + 1024)};
}
template <int Bytes>
RETRACE_INLINE Vector<Word, Bytes> bits(Vector<float, Bytes> a) {
  return {reinterpret_cast<typename Vector<Word, Bytes>::Raw>(a.v)};
}
template <int Bytes>
RETRACE_INLINE Vector<float, Bytes> from_bits(Vector<Word, Bytes> a) {
  return {reinterpret_cast<typename Vector<float, Bytes>::Raw>(a.v)};
}

// ---- AVX2

using Float8 = Vector<float, 32>;
using Double4 = Vector<double, 32>;
using Word8 = Vector<Word, 32>;

RETRACE_INLINE __m256i raw(Word8 a) { return reinterpret_cast<__m256i>(a.v); }
RETRACE_INLINE Word8 words(__m256i a) { return {reinterpret_cast<Word8::Raw>(a)}; }

RETRACE_INLINE void store(double* p, Float8 a) {
  _mm256_store_pd(p, _mm256_cvtps_pd(_mm256_castps256_ps128(a.v)));
  _mm256_store_pd(p + 4, _mm256_cvtps_pd(_mm256_extractf128_ps(a.v, 1)));
}
RETRACE_INLINE Float8 fma(Float8 a, Float8 b, Float8 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
RETRACE_INLINE Double4 fma(Double4 a, Double4 b, Double4 c) {
  return {_mm256_fmadd_pd(a.v, b.v, c.v)};
}
RETRACE_INLINE Float8 max(Float8 a, Float8 b) { return {_mm256_max_ps(a.v, b.v)}; }
RETRACE_INLINE Double4 max(Double4 a, Double4 b) { return {_mm256_max_pd(a.v, b.v)}; }
RETRACE_INLINE bool any_less(Float8 a, Float8 b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)) != 0;
}
RETRACE_INLINE bool any_less(Double4 a, Double4 b) {
  return _mm256_movemask_pd(_mm256_cmp_pd(a.v, b.v, _CMP_LT_OQ)) != 0;
}
RETRACE_INLINE Float8 sqrt(Float8 a) { return {_mm256_sqrt_ps(a.v)}; }
RETRACE_INLINE Double4 sqrt(Double4 a) { return {_mm256_sqrt_pd(a.v)}; }
RETRACE_INLINE Float8 round_even(Float8 a) {
  return {_mm256_round_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
RETRACE_INLINE Double4 round_even(Double4 a) {
  return {_mm256_round_pd(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)};
}
RETRACE_INLINE Float8 scale2(Float8 a, Float8 n) {
  return from_bits(bits(a) + words(_mm256_slli_epi32(_mm256_cvtps_epi32(n.v), 23)));
}
RETRACE_INLINE Double4 scale2(Double4 a, Double4 n) {
  __m256i const e = _mm256_slli_epi64(_mm256_cvtepi32_epi64(_mm256_cvtpd_epi32(n.v)), 52);
  return {_mm256_castsi256_pd(_mm256_add_epi64(_mm256_castpd_si256(a.v), e))};
}
RETRACE_INLINE Float8 scale2_to_infinity(Float8 a, Float8 n) {
  Float8 const most = broadcast<Float8>(127.f), one = broadcast<Float8>(1.f);
  Float8 const first = select_less(n, most, n, most);
  Float8 const rest = select_less(n - first, most, n - first, most);
  return a * scale2(one, first) * scale2(one, rest);
}
RETRACE_INLINE Double4 scale2_to_infinity(Double4 a, Double4 n) {
  Double4 const most = broadcast<Double4>(1023.), one = broadcast<Double4>(1.);
  Double4 const first = select_less(n, most, n, most);
  Double4 const rest = select_less(n - first, most, n - first, most);
  return a * scale2(one, first) * scale2(one, rest);
}
/// One rounding, as the unsigned conversion that AVX2 lacks.
RETRACE_INLINE Float8 to_float(Word8 a) {
  Float8 const high{_mm256_cvtepi32_ps(raw(a >> 16))};
  Float8 const low{_mm256_cvtepi32_ps(raw(a & broadcast<Word8>(Word{0xffff})))};
  return fma(high, broadcast<Float8>(65536.f), low);
}
RETRACE_INLINE Float8 signed_to_float(Word8 a) { return {_mm256_cvtepi32_ps(raw(a))}; }
RETRACE_INLINE Word8 shift_signed(Word8 a, int n) { return words(_mm256_srai_epi32(raw(a), n)); }
RETRACE_INLINE void multiply_wide(Word8 a, Word b, Word8& high, Word8& low) {
  __m256i const factor = raw(broadcast<Word8>(b));
  __m256i const even = _mm256_mul_epu32(raw(a), factor);
  __m256i const odd = _mm256_mul_epu32(_mm256_srli_epi64(raw(a), 32), factor);
  high = words(_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa));
  low = words(_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa));
}
RETRACE_INLINE Float8 select_odd(Word8 q, Float8 a, Float8 b) {
  return {_mm256_blendv_ps(b.v, a.v, _mm256_castsi256_ps(raw(q << 31)))};
}
RETRACE_INLINE void count_from(std::uint64_t first, Word8& low, Word8& high) {
  Word const start = static_cast<Word>(first);
  low = broadcast<Word8>(start) + words(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  high = {broadcast<Word8>(static_cast<Word>(first >> 32)).v -
          reinterpret_cast<Word8::Raw>(low.v < start)};  // true is -1: the carry
}

#if defined(__AVX512F__) && defined(__AVX512DQ__)

using Float16 = Vector<float, 64>;
using Double8 = Vector<double, 64>;
using Word16 = Vector<Word, 64>;

RETRACE_INLINE __m512i raw(Word16 a) { return reinterpret_cast<__m512i>(a.v); }
RETRACE_INLINE Word16 words(__m512i a) { return {reinterpret_cast<Word16::Raw>(a)}; }

RETRACE_INLINE void store(double* p, Float16 a) {
  _mm512_store_pd(p, _mm512_cvtps_pd(_mm512_castps512_ps256(a.v)));
  _mm512_store_pd(p + 8, _mm512_cvtps_pd(_mm512_extractf32x8_ps(a.v, 1)));
}
RETRACE_INLINE Float16 fma(Float16 a, Float16 b, Float16 c) {
  return {_mm512_fmadd_ps(a.v, b.v, c.v)};
}
RETRACE_INLINE Double8 fma(Double8 a, Double8 b, Double8 c) {
  return {_mm512_fmadd_pd(a.v, b.v, c.v)};
}
RETRACE_INLINE Float16 max(Float16 a, Float16 b) { return {_mm512_max_ps(a.v, b.v)}; }
RETRACE_INLINE Double8 max(Double8 a, Double8 b) { return {_mm512_max_pd(a.v, b.v)}; }
RETRACE_INLINE bool any_less(Float16 a, Float16 b) {
  return _mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ) != 0;
}
RETRACE_INLINE bool any_less(Double8 a, Double8 b) {
  return _mm512_cmp_pd_mask(a.v, b.v, _CMP_LT_OQ) != 0;
}
RETRACE_INLINE Float16 sqrt(Float16 a) { return {_mm512_sqrt_ps(a.v)}; }
RETRACE_INLINE Double8 sqrt(Double8 a) { return {_mm512_sqrt_pd(a.v)}; }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wsign-conversion"  // without optimisation GCC's are macros
RETRACE_INLINE Float16 round_even(Float16 a) { return {_mm512_roundscale_ps(a.v, 8)}; }
RETRACE_INLINE Double8 round_even(Double8 a) { return {_mm512_roundscale_pd(a.v, 8)}; }
#pragma GCC diagnostic pop
RETRACE_INLINE Float16 scale2(Float16 a, Float16 n) { return {_mm512_scalef_ps(a.v, n.v)}; }
RETRACE_INLINE Double8 scale2(Double8 a, Double8 n) { return {_mm512_scalef_pd(a.v, n.v)}; }
RETRACE_INLINE Float16 scale2_to_infinity(Float16 a, Float16 n) { return scale2(a, n); }
RETRACE_INLINE Double8 scale2_to_infinity(Double8 a, Double8 n) { return scale2(a, n); }
RETRACE_INLINE Float16 to_float(Word16 a) { return {_mm512_cvtepu32_ps(raw(a))}; }
RETRACE_INLINE Float16 signed_to_float(Word16 a) { return {_mm512_cvtepi32_ps(raw(a))}; }
RETRACE_INLINE Word16 shift_signed(Word16 a, int n) {
  return words(_mm512_srai_epi32(raw(a), static_cast<unsigned>(n)));
}
RETRACE_INLINE void multiply_wide(Word16 a, Word b, Word16& high, Word16& low) {
  __m512i const factor = raw(broadcast<Word16>(b));
  __m512i const even = _mm512_mul_epu32(raw(a), factor);
  __m512i const odd = _mm512_mul_epu32(_mm512_srli_epi64(raw(a), 32), factor);
  high = words(_mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB));
  low = words(_mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA));
}
RETRACE_INLINE Float16 select_odd(Word16 q, Float16 a, Float16 b) {
  return {_mm512_mask_blend_ps(_mm512_test_epi32_mask(raw(q), _mm512_set1_epi32(1)), b.v, a.v)};
}
RETRACE_INLINE void count_from(std::uint64_t first, Word16& low, Word16& high) {
  __m512i const start = _mm512_set1_epi32(static_cast<int>(first));
  __m512i const lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  __m512i const sum = _mm512_add_epi32(start, lane);
  __m512i const top = _mm512_set1_epi32(static_cast<int>(first >> 32));
  low = words(sum);
  high = words(
      _mm512_mask_add_epi32(top, _mm512_cmplt_epu32_mask(sum, start), top, _mm512_set1_epi32(1)));
}

#endif

}  // namespace retrace::simd

#endif
