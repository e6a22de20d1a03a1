// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/erfcx.hpp>
#include <retrace/core/lane_math.hpp>
#include <retrace/nn/architecture.hpp>

#include <numbers>

namespace retrace {

/// An activation at a pack z and its derivative there.
template <Activation activation, class P>
RETRACE_INLINE void activate_with_slope(P z, P& value, P& slope) {
  using T = typename simd::traits<P>::value;
  P const one = simd::broadcast<P>(T(1)), zero = simd::broadcast<P>(T(0));
  // 1 / (1 + exp(-scale z)), exp held below the largest power of two.
  auto const logistic = [&](P scaled) {
    constexpr T largest = sizeof(T) == 4 ? T(126) : T(1022);
    P const t = simd::max(scaled * simd::broadcast<P>(T(std::numbers::log2e)),
                          simd::broadcast<P>(-largest));
    return one / (one + simd::exp2(zero - t));
  };
  if constexpr (activation == Activation::silu) {
    P const s = logistic(z);
    value = z * s;
    slope = simd::fma(value, one - s, s);
  } else if constexpr (activation == Activation::tanh) {
    P const t = simd::fma(simd::broadcast<P>(T(2)), logistic(z + z), simd::broadcast<P>(T(-1)));
    value = t;
    slope = simd::fma(zero - t, t, one);
  } else if constexpr (activation == Activation::relu) {
    value = simd::max(z, zero);
    slope = simd::select_less(zero, z, one, zero);
  } else if constexpr (activation == Activation::softplus) {
    P const size = simd::max(z, zero - z);
    P const below = simd::exp2(zero - size * simd::broadcast<P>(T(std::numbers::log2e)));
    value = simd::max(z, zero) + simd::log(one + below);
    slope = logistic(z);
  } else {
    static_assert(activation == Activation::gelu);
    P const size = simd::max(z, zero - z);
    P const gauss = simd::exp2(z * z * simd::broadcast<P>(T(-0.5 * std::numbers::log2e)));
    P const tail = simd::broadcast<P>(T(0.5)) * gauss *
                   simd::erfcx(size * simd::broadcast<P>(T(1 / std::numbers::sqrt2)));
    P const below = simd::select_less(z, zero, tail, one - tail);
    constexpr double density = std::numbers::inv_sqrtpi / std::numbers::sqrt2;
    value = z * below;
    slope = simd::fma(z * gauss, simd::broadcast<P>(T(density)), below);
  }
}

}  // namespace retrace
