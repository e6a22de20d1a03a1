// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/lane_math.hpp>

#include <Kokkos_Macros.hpp>

namespace retrace {

/// The step sizes of one sample: a proportional-integral controller (Gustafsson 1991; Hairer and
/// Wanner 1996, Solving ordinary differential equations II, section IV.2, with the beta of 0.04 of
/// their DOPRI5), with the bounds of odeint/guard.cpp. A value for each lane; it decides from
/// numbers of its own lane only.
struct StepControl {
  static constexpr float safety = 0.9F, beta = 0.04F;
  static constexpr float largest_growth = 5, after_error = 0.2F;
  static constexpr double after_nonfinite = 0.1;  ///< says nothing of how much too long it was
  static constexpr float smallest_error = 1e-4F;  ///< that the next step remembers

  float power;  ///< 1 / (order of the estimate + 1)

  /// The factor on a step whose scaled error was accepted, after one with the error `before`.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION float after_success(float error, float before,
                                                           bool may_grow) const {
    float const bounded = error > 1e-10F ? error : 1e-10F;
    float const factor =
        safety *
        simd::exp2((beta * simd::log(before) - (power - 0.75F * beta) * simd::log(bounded)) *
                   per_log2);
    float const most = may_grow ? largest_growth : 1.F;
    return factor < after_error ? after_error : factor > most ? most : factor;
  }
  /// The factor on a step that was rejected.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION float after_failure(float error) const {
    float const bounded = error < 1e10F ? error : 1e10F;
    float const factor = safety * simd::exp2(-power * per_log2 * simd::log(bounded));
    return factor < after_error ? after_error : factor > safety ? safety : factor;
  }

 private:
  static constexpr float per_log2 = 1.44269504F;
};

}  // namespace retrace
