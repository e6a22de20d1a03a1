// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/odeint/error_stepper.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace retrace {

/// Whether a solver's error estimate sees the error of an integral, dr/dt = f(t, y) without r in
/// it.
enum class IntegralError { seen, unseen };

/// An adaptive solver by name. `make` gives a fresh one, for one integration.
struct OdeStepper {
  std::string name;
  std::string summary;
  std::string paper;
  int order;  ///< of the solution that is kept
  /// Its error estimate means little at looser tolerances.
  double loosest_tolerance = 1;
  IntegralError integral_error = IntegralError::seen;
  std::function<std::unique_ptr<OdeMethod>(Tolerance const&)> make;
};

/// Those of Boost.Odeint, and one that it lacks.
[[nodiscard]] std::vector<OdeStepper> const& odeint_steppers();
/// Throws Error (argument) for an unknown name, with the nearest known one.
[[nodiscard]] OdeStepper const& odeint_stepper(std::string_view name);

/// An error stepper as such a solver: Odeint's, or your own.
template <ErrorStepper Stepper>
requires std::default_initializable<Stepper>
[[nodiscard]] std::function<std::unique_ptr<OdeMethod>(Tolerance const&)> controlled() {
  return [](Tolerance const& tolerance) {
    return std::make_unique<ControlledSteps<Stepper>>(Stepper{}, tolerance);
  };
}

}  // namespace retrace
