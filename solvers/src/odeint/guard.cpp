// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/finite.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/odeint/guard.hpp>

#include <algorithm>
#include <cassert>
#include <cmath>
#include <limits>
#include <string>

namespace retrace {
namespace {

constexpr double largest_growth = 5, safety = 0.9;
constexpr double after_error = 0.2;      // the least that is kept of a step with a large error
constexpr double after_nonfinite = 0.1;  // says nothing of how much too long the step was

bool is_finite(OdeState const& y) {
  return all_finite(static_cast<int>(y.size()),
                    [&](int i) { return y[static_cast<std::size_t>(i)]; });
}

/// x in [low, high]; low for NaN, which std::clamp would let through.
double bounded(double x, double low, double high) { return x >= low ? std::min(x, high) : low; }

void check_ends(double from, double to) {
  if (!std::isfinite(from) || !std::isfinite(to))
    throw Error(Fault::argument, "cannot integrate from " + shortest(from) + " to " + shortest(to),
                "both ends must be finite");
}

}  // namespace

void OdeControl::check(double from, double to) const {
  tolerance.check();
  if (max_evaluations < 1)
    throw Error(Fault::argument,
                "the largest number of evaluations cannot be " + std::to_string(max_evaluations),
                "it takes a number of 1 or more");
  if (!first_step) return;
  bool const leads_on = to > from ? *first_step > 0 : *first_step < 0;  // false for NaN
  if (leads_on && std::isfinite(*first_step)) return;
  throw Error(Fault::argument, "the first step cannot be " + shortest(*first_step),
              "it must be finite and lead from " + shortest(from) + " to " + shortest(to));
}

void GuardedSystem::operator()(OdeState const& y, OdeState& slope, double u) {
  if (!failed_ && left_ == 0) exhausted_ = true;
  if (exhausted_ || !is_finite(y)) failed_ = true;
  if (!failed_) {
    --left_;
    ++evaluations_;
    (*f_)(direction_ * u, y, slope);
    for (double& s : slope) s *= direction_;
    failed_ = !is_finite(slope);
  }
  if (failed_) std::fill(slope.begin(), slope.end(), std::numeric_limits<double>::quiet_NaN());
}

double scaled_error(OdeState const& error, OdeState const& a, OdeState const& b,
                    Tolerance const& tolerance) {
  double largest = 0, trouble = 0;  // NaN goes into the sum; a maximum would drop it
  for (std::size_t i = 0; i < error.size(); ++i) {
    double const scale = tolerance.atol + tolerance.rtol * std::max(std::abs(a[i]), std::abs(b[i]));
    double const ratio = std::abs(error[i]) / scale;
    largest = std::max(largest, ratio);
    trouble += zero_if_finite(a[i]) + zero_if_finite(b[i]) + zero_if_finite(ratio);
  }
  return largest + trouble;
}

double step_factor(double scaled_error, int error_order) {
  if (scaled_error == 0) return largest_growth;
  return bounded(safety * std::pow(scaled_error, -1.0 / (error_order + 1)), after_error,
                 largest_growth);
}

Integrated integrate(OdeMethod& method, RightHandSide const& f, OdeState& y, double from, double to,
                     OdeControl const& control) {
  check_ends(from, to);
  if (from == to)
    control.tolerance.check();
  else
    control.check(from, to);
  if (y.empty()) throw Error(Fault::argument, "there is no state to integrate");

  Integrated result{.t = from};
  if (!is_finite(y)) result.outcome = Outcome::nonfinite;
  if (!is_finite(y) || from == to) return result;

  double const direction = to > from ? 1 : -1, end = direction * to;
  GuardedSystem system(f, direction, control.max_evaluations);
  OdeState slope(y.size()), y_new(y.size()), slope_new(y.size());
  double u = direction * from;
  auto const smallest = [&] {
    return 64 * std::numeric_limits<double>::epsilon() * std::max(std::abs(u), end - u);
  };
  double h = std::max(std::abs(control.first_step.value_or(to / 100 - from / 100)), smallest());
  bool growing = true;
  system(y, slope, u);
  if (system.failed()) result.outcome = Outcome::step_underflow;
  while (u < end && result.outcome == Outcome::done) {
    throw_if_interrupted();
    bool const last = u + 1.01 * h >= end;  // no sliver is left for a step of its own
    if (last) h = end - u;
    double const target = last ? end : u + h;
    system.begin_attempt();
    Trial const trial =
        method.attempt(system, {.y = y, .slope = slope, .u = u, .h = h, .y_new = y_new}, slope_new);
    if (trial.accepted && !trial.knows_slope && !last) system(y_new, slope_new, target);
    bool const finite = !system.failed() && is_finite(y_new);
    if (finite && trial.accepted) {
      y.swap(y_new);
      slope.swap(slope_new);
      u = target;
      ++result.steps;
      h = bounded(trial.h, after_nonfinite * h, growing ? largest_growth * h : h);
      growing = true;
    } else if (system.exhausted()) {
      result.outcome = Outcome::max_steps;
    } else {
      ++result.rejections;
      h = finite ? bounded(trial.h, after_nonfinite * h, safety * h) : after_nonfinite * h;
      growing = false;
    }
    if (result.outcome == Outcome::done && h < smallest() && u < end)
      result.outcome = Outcome::step_underflow;
  }
  result.t = direction * u;
  result.evaluations = system.evaluations();
  return result;
}

}  // namespace retrace
