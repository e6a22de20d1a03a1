// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/run/adaptive_result.hpp>

#include <cassert>
#include <string>

namespace retrace {
namespace {

void check_tolerance(std::string_view option, double value) {
  if (value > 0 && value <= 1) return;  // false for NaN
  throw Error(Fault::argument, std::string(option) + " cannot be " + shortest(value),
              "it takes a number in (0, 1]");
}

}  // namespace

void Tolerance::check() const {
  check_tolerance("--rtol", rtol);
  check_tolerance("--atol", atol);
}

std::string_view name(Outcome outcome) {
  switch (outcome) {
    case Outcome::done:
      return "done";
    case Outcome::nonfinite:
      return "nonfinite";
    case Outcome::step_underflow:
      return "step-underflow";
    case Outcome::max_steps:
      return "max-steps";
  }
  assert(false);
  return {};
}

}  // namespace retrace
