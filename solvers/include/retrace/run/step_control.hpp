// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/lane_math.hpp>

#include <numbers>

namespace retrace {

/// The step sizes of one sample: a proportional-integral controller (Gustafsson 1991; Hairer and
/// Wanner 1996, Solving ordinary differential equations II, section IV.2, with the beta of 0.04 of
/// their DOPRI5), with the bounds of odeint/guard.cpp. It decides for a pack of lanes at once,
/// for each from numbers of its own.
struct StepControl {
  static constexpr float safety = 0.9F, beta = 0.04F;
  static constexpr float largest_growth = 5, after_error = 0.2F;
  static constexpr double after_nonfinite = 0.1;  ///< says nothing of how much too long it was
  static constexpr float smallest_error = 1e-4F;  ///< that the next step remembers

  float power;  ///< 1 / (order of the estimate + 1)

  /// The factor on a step whose scaled error was accepted, after one with the error `before`.
  /// Where the step before was rejected, it is 1 at most.
  template <class P>
  [[nodiscard]] RETRACE_INLINE P after_success(P error, P before) const {
    using simd::broadcast;
    using T = typename simd::traits<P>::value;
    P const bounded = simd::max(error, broadcast<P>(T(1e-10)));
    P const exponent = broadcast<P>(T(beta)) * simd::log(before) -
                       broadcast<P>(T(power - 0.75F * beta)) * simd::log(bounded);
    return within(exponent, largest_growth);
  }
  /// The factor on a step that was rejected.
  template <class P>
  [[nodiscard]] RETRACE_INLINE P after_failure(P error) const {
    using simd::broadcast;
    using T = typename simd::traits<P>::value;
    P const most = broadcast<P>(T(1e10)), bounded = simd::select_less(error, most, error, most);
    return within(broadcast<P>(T(-power)) * simd::log(bounded), safety);
  }

 private:
  /// safety exp(exponent), not below after_error.
  template <class P>
  [[nodiscard]] static RETRACE_INLINE P within(P exponent, float largest) {
    using simd::broadcast;
    using T = typename simd::traits<P>::value;
    P const factor =
        broadcast<P>(T(safety)) * simd::exp2(exponent * broadcast<P>(T(std::numbers::log2e)));
    P const most = broadcast<P>(T(largest));
    return simd::max(simd::select_less(factor, most, factor, most), broadcast<P>(T(after_error)));
  }
};

}  // namespace retrace
