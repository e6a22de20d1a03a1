// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>

#include <cstddef>
#include <numbers>

/// Elementary functions of a pack, the same bits in every instruction set and on a device.
namespace retrace::simd {

namespace detail {

/// Horner's scheme, highest coefficient first.
template <class P, class T, std::size_t N>
RETRACE_INLINE P polynomial(P x, T const (&c)[N]) {
  P p = broadcast<P>(c[0]);
  RETRACE_UNROLL(16)
  for (std::size_t i = 1; i < N; ++i) p = fma(p, x, broadcast<P>(c[i]));
  return p;
}

}  // namespace detail

/// The smallest argument of exp2: below it the result stays at 2^-100 (float) or 2^-1000 (double),
/// so that no kernel makes denormal numbers, whatever the caller's processor mode: on some
/// processors they cost twice the time. The result is still multiplied by small numbers, hence the
/// distance to the smallest normal number.
template <class T>
inline constexpr T smallest_exponent = sizeof(T) == 4 ? T(-100) : T(-1000);

namespace detail {

/// (2^f - 1) / f on [-1/2, 1/2]: minimax for the relative error of 2^f, degree 4, the coefficients
/// of float chosen together with the rounding of the scheme, and degree 10.
template <class P>
RETRACE_INLINE P exp2_quotient(P f) {
  if constexpr (sizeof(typename traits<P>::value) == 4) {
    constexpr float c[] = {0.00132599054f, 0.00967167877f, 0.055507306f, 0.24022238f, 0.693147004f};
    return polynomial(f, c);
  } else {
    constexpr double c[] = {4.4347712840098372e-10, 7.0737832534663259e-09, 1.0178199571958114e-07,
                            1.3215435282276783e-06, 1.5252733493127084e-05, 1.5403530457112160e-04,
                            1.3333558146774621e-03, 9.6181291075941200e-03, 5.5504108664820083e-02,
                            2.4022650695910131e-01, 6.9314718055994533e-01};
    return polynomial(f, c);
  }
}
/// 2^f on [-1/2, 1/2].
template <class P>
RETRACE_INLINE P exp2_fraction(P f) {
  return fma(exp2_quotient(f), f, broadcast<P>(typename traits<P>::value(1)));
}

}  // namespace detail

/// exp2 of what is known not to be below smallest_exponent.
template <class P>
RETRACE_INLINE P exp2_of_normal(P t) {
  P const n = round_even(t);
  return scale2(detail::exp2_fraction(t - n), n);
}

/// 2^t for t up to 126 (float) or 1022 (double), exact for whole t; relative error below 1.5e-7 and
/// 1.7e-16. NaN gives NaN, plus infinity itself or NaN. One lane rounds t in the processor's mode:
/// where a caller has set another than to nearest, its error is below 2e-4 and 3e-11.
template <class P>
RETRACE_INLINE P exp2(P t) {
  using T = typename traits<P>::value;
  return exp2_of_normal(max(broadcast<P>(smallest_exponent<T>), t));
}

/// exp2 that is infinite from t = 128 (float) or 1024 (double) on; NaN of plus infinity.
template <class P>
RETRACE_INLINE P exp2_to_infinity(P t) {
  using T = typename traits<P>::value;
  P const s = max(broadcast<P>(smallest_exponent<T>), t), n = round_even(s);
  return scale2_to_infinity(detail::exp2_fraction(s - n), n);
}

/// 2^t - 1 for t from smallest_exponent up to 126 (float) or 1022 (double), without cancellation:
/// relative error below 9e-7 and 6e-16.
template <class P>
RETRACE_INLINE P exp2_minus_1(P t) {
  P const one = broadcast<P>(typename traits<P>::value(1));
  P const n = round_even(t), f = t - n, power = scale2(one, n);
  return fma(power, detail::exp2_quotient(f) * f, power - one);
}

/// Natural logarithm of a positive normal number: exponent split at 3/4, m in [3/4, 3/2). Float: a
/// polynomial of degree 10 in m - 1; absolute error below 6e-8 on [3/4, 3/2), relative 1.2e-7
/// elsewhere. Double: the series of 2 artanh((m - 1) / (m + 1)) to degree 23; absolute error below
/// 2e-16 on [3/4, 3/2), relative 3e-16 elsewhere.
template <class P>
RETRACE_INLINE P log(P x) {
  if constexpr (sizeof(typename traits<P>::value) == 4) {
    using W = typename traits<P>::words;
    W const i = bits(x);
    W const exponent = shift_signed(i - broadcast<W>(Word{0x3f400000}), 23);
    P const e = signed_to_float(exponent);
    P const r = from_bits(i - (exponent << 23)) - broadcast<P>(1.f);
    constexpr float c[] = {-0.045074816f, 0.10463026f, -0.13161196f, 0.14478395f,
                           -0.16647312f,  0.19990861f, -0.25000096f, 0.33333449f};
    P const r2 = r * r;
    P const tail = fma(broadcast<P>(-0.5f), r2, r2 * r * detail::polynomial(r, c));
    return fma(e, broadcast<P>(0.69314718f), tail + r);
  } else {
    P const one = broadcast<P>(1.0), e = binary_exponent(x);
    P const m = scale2(x, e * broadcast<P>(-1.0));
    P const r = (m - one) / (m + one), r2 = r * r;
    constexpr double c[] = {2. / 23, 2. / 21, 2. / 19, 2. / 17, 2. / 15, 2. / 13,
                            2. / 11, 2. / 9,  2. / 7,  2. / 5,  2. / 3};
    P const tail = r2 * r * detail::polynomial(r2, c);
    return fma(e, broadcast<P>(std::numbers::ln2), fma(broadcast<P>(2.0), r, tail));
  }
}

/// Sine and cosine of 2 pi turn / 2^32. The angle is reduced in integers, exactly: the top two bits
/// (rounded) are the quadrant, what is left lies in [-1/2, 1/2) quarter turns. Absolute error
/// below 1.2e-7.
template <class P>
RETRACE_INLINE void sincos_turn(typename traits<P>::words turn, P& sine, P& cosine) {
  using W = typename traits<P>::words;
  W const quadrant = (turn + broadcast<W>(Word{0x20000000})) >> 30;
  P const f = signed_to_float(turn - (quadrant << 30)) * broadcast<P>(9.313225746154785e-10f);
  P const f2 = f * f;
  constexpr float s[] = {-0.004601657887039964f, 0.079680032779402f, -0.6459634602359653f,
                         1.570796321708474f};
  constexpr float c[] = {0.0009033629768812525f, -0.020859936030140545f, 0.2536691825968185f,
                         -1.2337005395648382f, 1.f};
  P const ps = detail::polynomial(f2, s) * f, pc = detail::polynomial(f2, c);
  W const one = broadcast<W>(Word{1});
  sine = from_bits(bits(select_odd(quadrant, pc, ps)) ^ ((quadrant >> 1) << 31));
  cosine = from_bits(bits(select_odd(quadrant, ps, pc)) ^ (((quadrant + one) >> 1) << 31));
}

/// Sine and cosine of an angle in [0, pi/2]: from those of half the angle, 2 s c and (c - s) (c +
/// s), whose series end where the next term is below rounding. Relative error below 3e-7 (float)
/// and 5e-16 (double); of the cosine next to pi/2 an absolute one of 1.5 roundings, about what that
/// of the angle makes. Angles that miss the range by rounding are as good.
template <class P>
RETRACE_INLINE void sincos_acute(P angle, P& sine, P& cosine) {
  using T = typename traits<P>::value;
  P const h = angle * broadcast<P>(T(0.5)), h2 = h * h;
  P s, c;
  if constexpr (sizeof(T) == 4) {
    constexpr float of_sine[] = {1.f / 362880, -1.f / 5040, 1.f / 120, -1.f / 6};
    constexpr float of_cosine[] = {-1.f / 3628800, 1.f / 40320, -1.f / 720, 1.f / 24, -0.5f, 1.f};
    s = fma(h * h2, detail::polynomial(h2, of_sine), h);
    c = detail::polynomial(h2, of_cosine);
  } else {
    constexpr double of_sine[] = {-1. / 1307674368000, 1. / 6227020800, -1. / 39916800, 1. / 362880,
                                  -1. / 5040,          1. / 120,        -1. / 6};
    constexpr double of_cosine[] = {1. / 20922789888000,
                                    -1. / 87178291200,
                                    1. / 479001600,
                                    -1. / 3628800,
                                    1. / 40320,
                                    -1. / 720,
                                    1. / 24,
                                    -0.5,
                                    1};
    s = fma(h * h2, detail::polynomial(h2, of_sine), h);
    c = detail::polynomial(h2, of_cosine);
  }
  sine = broadcast<P>(T(2)) * s * c;
  cosine = (c - s) * (c + s);
}

/// Cosine of 2 pi turns, any number of them, as 1 - 2 sin^2(pi f) with f in [-1/2, 1/2] the turns
/// that are left after whole ones; absolute error below 8e-7 (float) and 1.3e-15 (double), and what
/// the rounding of the argument makes. What is not finite gives NaN.
template <class P>
RETRACE_INLINE P cos_turns(P turns) {
  using T = typename traits<P>::value;
  P const f = turns - round_even(turns), f2 = f * f;
  // Minimax for the absolute error of sin(pi f): degree 9 and 17.
  P sine;
  if constexpr (sizeof(T) == 4) {
    constexpr float c[] = {0.077220127f, -0.59804517f, 2.55003142f, -5.16770697f, 3.1415925f};
    sine = detail::polynomial(f2, c) * f;
  } else {
    constexpr double c[] = {
        7.683942429757378e-07,   -2.1902021726529699e-05, 4.6629917065683371e-04,
        -7.3704303560428982e-03, 8.2145886553285030e-02,  -0.59926452931745811,
        2.5501640398772412,      -5.1677127800499685,     3.1415926535897931};
    sine = detail::polynomial(f2, c) * f;
  }
  return fma(sine * broadcast<P>(T(-2)), sine, broadcast<P>(T(1)));
}

}  // namespace retrace::simd
