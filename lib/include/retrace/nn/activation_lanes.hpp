// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/erfcx.hpp>
#include <retrace/core/lane_math.hpp>
#include <retrace/nn/architecture.hpp>

#include <numbers>

/// The activations of a pack, of an argument t that is `to_argument` times the pre-activation z;
/// their values are `to_value` times act(z). Both factors go into the weights, so that a kernel
/// need not multiply by log2 e. `slope` gives the same value, bit for bit, and its derivative in t.
namespace retrace::activations {

/// What the activation of a pack is, and its derivative.
template <class P>
struct Slope {
  P value, derivative;
};

namespace detail {

template <class P>
RETRACE_INLINE P number(double value) {
  return simd::broadcast<P>(static_cast<typename simd::traits<P>::value>(value));
}

/// |a|; NaN of NaN.
template <class P>
RETRACE_INLINE P magnitude(P a) {
  return simd::max(a, number<P>(0) - a);
}

}  // namespace detail

struct Silu {
  static constexpr double to_argument = -std::numbers::log2e, to_value = -std::numbers::log2e;

  template <class P>
  static RETRACE_INLINE P value(P t) {
    return t / (detail::number<P>(1) + simd::exp2_to_infinity(t));
  }
  template <class P>
  static RETRACE_INLINE Slope<P> slope(P t) {
    P const zero = detail::number<P>(0), one = detail::number<P>(1);
    P const below = one + simd::exp2_to_infinity(t);
    // Nothing where it is below rounding: kernels make no denormal numbers.
    P const logistic = simd::select_less(t, detail::number<P>(60), one / below, zero);
    P const value = t / below, scaled = detail::number<P>(-std::numbers::ln2) * value;
    return {value, simd::fma(scaled, one - logistic, logistic)};
  }
};

struct Gelu {
  static constexpr double to_argument = 1, to_value = 1;

  template <class P>
  static RETRACE_INLINE P value(P z) {
    return z * below(z, density(z));
  }
  template <class P>
  static RETRACE_INLINE Slope<P> slope(P z) {
    P const height = density(z), part = below(z, height);
    return {z * part,
            simd::fma(z, detail::number<P>(std::numbers::inv_sqrtpi / std::numbers::sqrt2) * height,
                      part)};
  }

 private:
  /// exp(-z^2 / 2)
  template <class P>
  static RETRACE_INLINE P density(P z) {
    return simd::exp2(z * z * detail::number<P>(-0.5 * std::numbers::log2e));
  }
  /// Phi(z)
  template <class P>
  static RETRACE_INLINE P below(P z, P height) {
    P const scaled = detail::magnitude(z) * detail::number<P>(1 / std::numbers::sqrt2);
    P const tail = detail::number<P>(0.5) * height * simd::erfcx(scaled);
    return simd::select_less(detail::number<P>(0), z, detail::number<P>(1) - tail, tail);
  }
};

struct Softplus {
  static constexpr double to_argument = 1, to_value = 1;

  template <class P>
  static RETRACE_INLINE P value(P z) {
    return slope(z).value;
  }
  template <class P>
  static RETRACE_INLINE Slope<P> slope(P z) {
    P const zero = detail::number<P>(0), one = detail::number<P>(1);
    P const power = simd::exp2(detail::magnitude(z) * detail::number<P>(-std::numbers::log2e));
    P const sum = one + power;
    return {simd::max(zero, z) + simd::log(sum), simd::select_less(zero, z, one, power) / sum};
  }
};

struct Tanh {
  static constexpr double to_argument = 2 * std::numbers::log2e, to_value = 1;

  template <class P>
  static RETRACE_INLINE P value(P t) {
    P const most = detail::number<P>(60);
    P const low = simd::max(detail::number<P>(-60), t);
    P const power = simd::exp2_minus_1(simd::select_less(most, low, most, low));
    return power / (power + detail::number<P>(2));
  }
  template <class P>
  static RETRACE_INLINE Slope<P> slope(P t) {
    P const y = value(t);
    return {y, detail::number<P>(0.5 * std::numbers::ln2) * (detail::number<P>(1) - y * y)};
  }
};

struct Relu {
  static constexpr double to_argument = 1, to_value = 1;

  template <class P>
  static RETRACE_INLINE P value(P z) {
    return simd::max(detail::number<P>(0), z);
  }
  template <class P>
  static RETRACE_INLINE Slope<P> slope(P z) {
    P const zero = detail::number<P>(0);
    return {value(z), simd::select_less(zero, z, detail::number<P>(1), zero)};
  }
};

/// f(Silu{}) or whichever it is.
template <class F>
RETRACE_INLINE void with(Activation activation, F const& f) {
  switch (activation) {
    case Activation::silu:
      return f(Silu{});
    case Activation::gelu:
      return f(Gelu{});
    case Activation::softplus:
      return f(Softplus{});
    case Activation::tanh:
      return f(Tanh{});
    case Activation::relu:
      return f(Relu{});
  }
}

}  // namespace retrace::activations
