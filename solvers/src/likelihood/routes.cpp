// SPDX-License-Identifier: Apache-2.0
#include "routes.hpp"

#include <retrace/samplers/embedded_pair.hpp>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace retrace {

Span ascending(Sde const& sde, Span const& span) {
  return {span.from.value_or(sde.default_end(Solver::deterministic)),
          span.to.value_or(sde.t_max())};
}

OdeStepper const& stepper_of(std::string_view solver, Accuracy accuracy) {
  OdeStepper const& asked = odeint_stepper(solver == rk45::info.name ? dopri5::info.name : solver);
  bool const sees = asked.integral_error == IntegralError::seen;
  return sees || accuracy == Accuracy::asked ? asked : odeint_stepper(dopri5::info.name);
}

EncodeOptions options_of(EncodeOptions options, OdeStepper const& stepper, Accuracy accuracy) {
  constexpr double tightening = 32;  // twice the steps at order 5
  constexpr std::int64_t more = 4;   // evaluations: twice, and room
  if (stepper.integral_error == IntegralError::unseen) options.volume_error = VolumeError::free;
  if (accuracy == Accuracy::finer) {
    options.tolerance.rtol /= tightening;
    options.tolerance.atol /= tightening;
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    options.max_evaluations = std::min(options.max_evaluations, most / more) * more;
  }
  return options;
}

HostArray<double> ended(AdaptiveSamples<double> run) {
  for (std::size_t row = 0; row < run.outcomes.size(); ++row)
    if (run.outcomes[row] != Outcome::done)
      run.x(row, 0) = std::numeric_limits<double>::quiet_NaN();
  return std::move(run.x);
}

Grid grid_of(Grid const& grid, Accuracy accuracy) {
  if (accuracy == Accuracy::asked) return grid;
  std::vector<double> times{grid.time(0)};
  for (auto const [s, t, i] : grid.steps()) {
    times.push_back(grid.between(s, t, 0.5).t());
    times.push_back(t.t());
  }
  return {grid.sde(), times};
}

}  // namespace retrace
