// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/odeint/guard.hpp>

#include <concepts>
#include <functional>
#include <utility>

namespace retrace {

/// Odeint's error stepper (explicit_error_stepper_tag), version 8 of do_step, on OdeState: makes a
/// step and estimates its error, which is of order h^(error_order + 1). Any type that offers this
/// will do; Odeint itself need not be there.
template <class S>
concept PlainErrorStepper = requires(S stepper, std::reference_wrapper<GuardedSystem> system,
                                     OdeState const& in, OdeState& out, double t) {
  stepper.do_step(system, in, in, t, out, t, out);  // x, slope, t -> x; dt -> error
  { stepper.error_order() } -> std::convertible_to<int>;
};

/// The same whose last stage is the first of the next step (explicit_error_stepper_fsal_tag).
template <class S>
concept FsalErrorStepper = requires(S stepper, std::reference_wrapper<GuardedSystem> system,
                                    OdeState const& in, OdeState& out, double t) {
  stepper.do_step(system, in, in, t, out, out, t, out);  // x, slope, t -> x, slope; dt -> error
  { stepper.error_order() } -> std::convertible_to<int>;
};

template <class S>
concept ErrorStepper = PlainErrorStepper<S> || FsalErrorStepper<S>;

/// Steps of an error stepper with the classical controller: accepted where the scaled error is at
/// most 1, and the next step such that it would be so by a margin (Hairer, Norsett and Wanner 1993,
/// section II.4).
template <ErrorStepper Stepper>
class ControlledSteps final : public OdeMethod {
 public:
  ControlledSteps(Stepper stepper, Tolerance tolerance)
      : stepper_(std::move(stepper)), tolerance_(tolerance) {}

  Trial attempt(GuardedSystem& system, Attempt const& a, OdeState& slope_new) override {
    error_.resize(a.y.size());
    if constexpr (FsalErrorStepper<Stepper>)
      stepper_.do_step(std::ref(system), a.y, a.slope, a.u, a.y_new, slope_new, a.h, error_);
    else
      stepper_.do_step(std::ref(system), a.y, a.slope, a.u, a.y_new, a.h, error_);
    double const error = scaled_error(error_, a.y, a.y_new, tolerance_);
    return {.accepted = error <= 1,  // false for NaN
            .h = a.h * step_factor(error, static_cast<int>(stepper_.error_order())),
            .knows_slope = FsalErrorStepper<Stepper>};
  }

 private:
  Stepper stepper_;
  Tolerance tolerance_;
  OdeState error_;
};

/// integrate() with an error stepper of Odeint or of your own.
template <ErrorStepper Stepper>
Integrated integrate(Stepper stepper, RightHandSide const& f, OdeState& y, double from, double to,
                     OdeControl const& control = {}) {
  ControlledSteps<Stepper> method(std::move(stepper), control.tolerance);
  return integrate(method, f, y, from, to, control);
}

}  // namespace retrace
