// SPDX-License-Identifier: Apache-2.0
// A stepper of your own on the probability-flow ODE: it makes a step and estimates its error, as
// Boost.Odeint's error steppers do, and so theirs fit as well. Step sizes, tolerances, values that
// are not finite and threads are not its concern.
#include <retrace/core/runtime.hpp>
#include <retrace/odeint/sample.hpp>
#include <retrace/sde/vp.hpp>
#include <retrace/targets/registry.hpp>

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <numeric>

using namespace retrace;

/// Bogacki and Shampine 1989, Appl. Math. Lett. 2: order 3, its error from order 2.
struct BogackiShampine {
  [[nodiscard]] int error_order() const { return 2; }

  /// From y at u to `out` at u + h; the slope at y is given, the one at `out` is handed on.
  template <class System>
  void do_step(System system, OdeState const& y, OdeState const& k1, double u, OdeState& out,
               OdeState& k4, double h, OdeState& error) {
    std::size_t const d = y.size();
    OdeState k2(d), k3(d);
    for (std::size_t i = 0; i < d; ++i) out[i] = y[i] + h / 2 * k1[i];
    system(out, k2, u + h / 2);
    for (std::size_t i = 0; i < d; ++i) out[i] = y[i] + 3 * h / 4 * k2[i];
    system(out, k3, u + 3 * h / 4);
    for (std::size_t i = 0; i < d; ++i) out[i] = y[i] + h / 9 * (2 * k1[i] + 3 * k2[i] + 4 * k3[i]);
    system(out, k4, u + h);
    for (std::size_t i = 0; i < d; ++i)
      error[i] = h / 72 * (-5 * k1[i] + 6 * k2[i] + 8 * k3[i] - 9 * k4[i]);
  }
};

int main(int argc, char** argv) {
  Runtime const runtime(argc, argv);
  Target const target = make_target("eight-gaussians");
  OdeStepper const mine{.name = "bogacki-shampine",
                        .summary = "Bogacki-Shampine 3(2)",
                        .paper = "Bogacki and Shampine 1989",
                        .order = 3,
                        .make = controlled<BogackiShampine>()};
  auto const solve = [&](OdeStepper const& stepper, double tolerance) {
    return odeint_sample(target, vp{}, stepper, {},
                         {.samples = 200, .seed = 1, .tolerance = {tolerance, tolerance}});
  };

  auto const exact = solve(odeint_stepper("fehlberg78"), 1e-13);
  std::cout << "tolerance           stepper   evaluations     error\n" << std::setprecision(2);
  double worst = 0;  // in tolerances
  for (double const tolerance : {1e-4, 1e-6, 1e-8})
    for (OdeStepper const& stepper : {mine, odeint_stepper("dopri5")}) {
      auto const run = solve(stepper, tolerance);
      double error = 0;
      for (std::size_t i = 0; i < run.x.size(); ++i)
        error += std::abs(run.x.data()[i] - exact.x.data()[i]) / static_cast<double>(run.x.size());
      auto const evaluations =
          std::accumulate(run.evaluations.begin(), run.evaluations.end(), std::int64_t{0}) / 200;
      std::cout << std::setw(9) << tolerance << std::setw(18) << stepper.name << std::setw(14)
                << evaluations << std::setw(10) << error << '\n';
      worst = std::max(worst, run.count(Outcome::done) == 200 ? error / tolerance : INFINITY);
    }
  return worst < 20 ? 0 : 1;
}
