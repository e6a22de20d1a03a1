// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>

namespace retrace {

/// Makes of pre-activations z, a pack at a time, the outputs of a hidden layer, and keeps the
/// slopes of its activation in z for the way back.
template <class Activation, class P>
struct ActivationSlopes {
  using T = typename simd::traits<P>::value;

  T *out, *slope;
  T const* added;  ///< to the outputs, if anything is

  RETRACE_INLINE void operator()(P z, int place) const {
    constexpr double in = Activation::to_argument, by = Activation::to_value;
    auto const [value, derivative] = Activation::slope(scaled(z, in));
    P const y = scaled(value, 1 / by);
    simd::store(out + place, added == nullptr ? y : y + simd::load<P>(added + place));
    simd::store(slope + place, scaled(derivative, in / by));
  }

 private:
  static RETRACE_INLINE P scaled(P a, double by) {
    return by == 1 ? a : a * simd::broadcast<P>(static_cast<T>(by));
  }
};

}  // namespace retrace
