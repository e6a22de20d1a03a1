// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/registry.hpp>
#include <retrace/odeint/steppers.hpp>
#include <retrace/odeint/tableau_stepper.hpp>
#include <retrace/samplers/embedded_pair.hpp>

#ifdef __CUDACC__
#pragma nv_diag_suppress 20012  // Boost.Fusion marks defaulted functions for devices
#endif
#include <boost/numeric/odeint/stepper/bulirsch_stoer.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_cash_karp54.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_dopri5.hpp>
#include <boost/numeric/odeint/stepper/runge_kutta_fehlberg78.hpp>

namespace retrace {
namespace {

namespace odeint = boost::numeric::odeint;

/// Odeint's Bulirsch-Stoer controls its order together with its step, and so cannot leave the
/// decision to somebody else. The guard only overrules it.
class BulirschStoer final : public OdeMethod {
 public:
  explicit BulirschStoer(Tolerance const& tolerance) : stepper_(tolerance.atol, tolerance.rtol) {}

  Trial attempt(GuardedSystem& system, Attempt const& a, OdeState&) override {
    double u = a.u, h = a.h;
    auto const result = stepper_.try_step(std::ref(system), a.y, a.slope, u, a.y_new, h);
    if (system.failed()) stepper_.reset();  // what it has learnt of the order came from NaN
    return {.accepted = result == odeint::success, .h = h};
  }

 private:
  odeint::bulirsch_stoer<OdeState> stepper_;
};

}  // namespace

std::vector<OdeStepper> const& odeint_steppers() {
  static std::vector<OdeStepper> const entries{
      {.name = "dopri5",
       .summary = "Dormand-Prince 5(4), first same as last, by Boost.Odeint",
       .paper = "Dormand and Prince 1980, J. Comput. Appl. Math. 6, table 2",
       .order = 5,
       .make = controlled<odeint::runge_kutta_dopri5<OdeState>>()},
      {.name = "tsit5",
       .summary = "Tsitouras 5(4), first same as last, by its tableau",
       .paper = "Tsitouras 2011, Comput. Math. Appl. 62, table 1",
       .order = 5,
       .make = controlled<TableauStepper<tsit5>>()},
      {.name = "cash-karp54",
       .summary = "Cash-Karp 5(4), by Boost.Odeint",
       .paper = "Cash and Karp 1990, ACM Trans. Math. Softw. 16, table 1",
       .order = 5,
       .make = controlled<odeint::runge_kutta_cash_karp54<OdeState>>()},
      {.name = "fehlberg78",
       .summary = "Fehlberg 7(8), by Boost.Odeint; for tolerances of 1e-5 and less",
       .paper = "Fehlberg 1968, NASA TR R-287, table X",
       .order = 8,
       .loosest_tolerance = 1e-5,
       // It weighs slopes at both ends of a step, two at each, which cancel where the slope does
       // not depend on what is integrated (Hairer, Norsett and Wanner 1993, section II.5).
       .integral_error = IntegralError::unseen,
       .make = controlled<odeint::runge_kutta_fehlberg78<OdeState>>()},
      {.name = "bulirsch-stoer",
       .summary = "Bulirsch-Stoer extrapolation of variable order, by Boost.Odeint",
       .paper = "Bulirsch and Stoer 1966, Numer. Math. 8; Press et al. 2007, section 17.3",
       .order = 8,
       .make = [](Tolerance const& tolerance) -> std::unique_ptr<OdeMethod> {
         return std::make_unique<BulirschStoer>(tolerance);
       }},
  };
  return entries;
}

OdeStepper const& odeint_stepper(std::string_view name) {
  return find_entry("stepper", name, odeint_steppers());
}

}  // namespace retrace
