// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/run/adaptive_result.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace retrace {

/// dy/dt at t and y, written to `slope`.
using RightHandSide =
    std::function<void(double t, std::span<double const> y, std::span<double> slope)>;

/// The state as Odeint's steppers see it.
using OdeState = std::vector<double>;

struct OdeControl {
  Tolerance tolerance = {};
  std::int64_t max_evaluations = 100'000;  ///< of the right-hand side
  std::optional<double> first_step = {};   ///< with the sign of to - from; a hundredth of it

  /// Throws Error (argument) for a bad tolerance, for no evaluation at all, and for a first step
  /// that is not finite, is 0 or leads away from `to`.
  void check(double from, double to) const;
};

/// How an integration went.
struct Integrated {
  Outcome outcome = Outcome::done;
  double t = 0;  ///< reached; the state is that of this t
  std::int64_t evaluations = 0, steps = 0, rejections = 0;
};

/// What a stepper sees of a right-hand side: time runs upwards whatever the direction
/// (bulirsch_stoer compares costs per step, which turns round for negative steps), and after one
/// value that is not finite, or the last evaluation that was allowed, the right-hand side is not
/// called any more in this attempt.
class GuardedSystem {
 public:
  GuardedSystem(RightHandSide const& f, double direction, std::int64_t max_evaluations)
      : f_(&f), direction_(direction), left_(max_evaluations) {}

  void operator()(OdeState const& y, OdeState& slope, double u);

  void begin_attempt() { failed_ = false; }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] bool exhausted() const { return exhausted_; }
  [[nodiscard]] std::int64_t evaluations() const { return evaluations_; }

 private:
  RightHandSide const* f_;
  double direction_;
  std::int64_t left_, evaluations_ = 0;
  bool failed_ = false, exhausted_ = false;
};

/// A step to try, and what came of it.
struct Attempt {
  OdeState const& y;      ///< at u
  OdeState const& slope;  ///< dy/du at u and y
  double u, h;            ///< h > 0
  OdeState& y_new;        ///< at u + h, as large as y
};

struct Trial {
  bool accepted;             ///< the error estimate is within the tolerance
  double h;                  ///< to go on with, whether accepted or not
  bool knows_slope = false;  ///< whether slope_new() is that of y_new
};

/// A way to make steps. It may return what it likes: the guard looks at everything it uses.
class OdeMethod {
 public:
  OdeMethod() = default;
  virtual ~OdeMethod() = default;
  OdeMethod(OdeMethod const&) = delete;
  OdeMethod& operator=(OdeMethod const&) = delete;

  virtual Trial attempt(GuardedSystem& system, Attempt const& attempt, OdeState& slope_new) = 0;
};

/// Integrates y from `from` to `to`. It owns what Odeint leaves open: tolerances, first steps and
/// starts are checked; a step is taken only where its state, its slopes and its error estimate are
/// finite; else it is tried again with a tenth of it, so that passing trouble is passed. Where none
/// is small enough the last good state and its t are kept (step_underflow), and so are they after
/// max_evaluations (max_steps): an integration can go on from there. What the right-hand side
/// throws comes through. `from` = `to` does nothing. Throws Error (argument) as OdeControl::check,
/// for ends that are not finite and an empty state; (interrupted) after a signal.
Integrated integrate(OdeMethod& method, RightHandSide const& f, OdeState& y, double from, double to,
                     OdeControl const& control);

/// max_i |error_i| / (atol + rtol max(|a_i|, |b_i|)); NaN where any of it is not finite.
[[nodiscard]] double scaled_error(OdeState const& error, OdeState const& a, OdeState const& b,
                                  Tolerance const& tolerance);

/// The factor on a step whose scaled error, of a step of h, is of order h^(error_order + 1).
[[nodiscard]] double step_factor(double scaled_error, int error_order);

}  // namespace retrace
