// SPDX-License-Identifier: Apache-2.0
#include "flow_problem.hpp"

#include <retrace/run/reference.hpp>
#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/tableaus.hpp>
#include <retrace/sde/log_snr.hpp>

#include <cmath>
#include <cstddef>
#include <span>

namespace retrace {
namespace {

/// Fehlberg's method of order 8 in rho: 256 of its steps leave an error at rounding level.
Vec accurate(Recorder& model, Grid const& grid, Vec x) {
  for (auto const [s, t, i] : grid.steps()) {
    double const h = t.rho() - s.rho(), from = s.rho();
    x = t.alpha() *
        runge_kutta_step(tableaus::fehlberg78, h, x / s.alpha(), [&](double c, Vec const& y) {
          NoiseLevel const u = grid.sde().at_lambda(-std::log(from + c * h));
          return model.noise(u.alpha() * y, u);
        });
  }
  return x;
}

}  // namespace

Mixture flow_mixture() {
  return Mixture::full({0.5, 0.3, 0.2}, {-1.2, 0.4, 1.1, 0.9, 0.3, -1.3},
                       {0.30, 0.12, 0.12, 0.22, 0.15, -0.08, -0.08, 0.35, 0.25, 0.05, 0.05, 0.12});
}

std::vector<double> flow_starts(NoiseLevel const& s, int count) {
  std::vector<double> starts;
  double const scale = std::hypot(s.alpha(), s.sigma());
  for (int i = 0; i < count; ++i) {
    starts.push_back(scale * std::sin(1.0 + 2 * i));
    starts.push_back(scale * std::cos(3.0 * i));
  }
  return starts;
}

FlowProblem::FlowProblem(Sde const& sde, Span span)
    : mixture_(flow_mixture()), starts_(flow_starts(sde.at(*span.from), 4)) {
  exact_ = ends(AnySampler(accurate), grids::log_snr{}(sde, 256, span));
}

std::vector<double> FlowProblem::ends(AnySampler const& sampler, Grid const& grid) const {
  std::vector<double> x = starts_;
  // The points go side by side through one run, as one vector of eight numbers.
  reference(
      trace(sampler, grid),
      [&](std::span<double const> in, NoiseLevel const& s, std::span<double> out) {
        MixtureAtLevel const law = mixture_.at(s);
        for (std::size_t i = 0; i < in.size(); i += 2)
          law.denoised(in.subspan(i, 2), out.subspan(i, 2));
      },
      0, 0, x);
  return x;
}

double FlowProblem::error(AnySampler const& sampler, Grid const& grid) const {
  std::vector<double> const found = ends(sampler, grid);
  double sum = 0;
  for (std::size_t i = 0; i < found.size(); ++i) sum = std::hypot(sum, found[i] - exact_[i]);
  return sum;
}

}  // namespace retrace
