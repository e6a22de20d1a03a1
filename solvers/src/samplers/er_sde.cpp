// SPDX-License-Identifier: Apache-2.0
#include <retrace/samplers/er_sde.hpp>
#include <retrace/samplers/gauss_legendre.hpp>

#include <cmath>
#include <cstddef>

namespace retrace::er_sde {
namespace {

/// phi(rho) / rho
double scale(double rho) { return std::exp(std::pow(rho, 0.3)) + 10; }

/// I_k, in v = log(rho): Gauss and Legendre's rule with 8 points on panels of width at most 1/2,
/// over which phi hardly changes.
double integral(double rho_t, double rho_s, int k) {
  static Quadrature const rule = gauss_legendre(8);
  double const length = std::log(rho_s / rho_t);
  auto const panels = static_cast<int>(std::ceil(2 * length));
  double const width = length / panels;
  auto const f = [&](double from_t) {  // log(rho / rho_t)
    double const rho = rho_t * std::exp(from_t);
    // phi(rho_t) / phi - 1 as a difference of what is close to 1
    double const ratio = scale(rho_t) / scale(rho) * std::exp(-from_t) - 1;
    return rho * ratio * std::pow(rho - rho_s, k);
  };
  double sum = 0;
  for (int panel = 0; panel < panels; ++panel)
    for (std::size_t j = 0; j < rule.nodes.size(); ++j)
      sum += rule.weights[j] * width * f((panel + rule.nodes[j]) * width);
  return sum;
}

}  // namespace

double tau_squared(NoiseLevel const& s) {
  double const power = std::pow(s.rho(), 0.3);
  return 0.3 * power * std::exp(power) / scale(s.rho());
}

Vec run(Recorder& model, Grid const& grid, Vec x, int order) {
  Vec x0_before, slope_before;
  double rho1 = 0, rho2 = 0;  // of the levels before s
  for (auto const [s, t, i] : grid.steps()) {
    double const shrink = scale(t.rho()) / scale(s.rho());
    double const r = shrink * t.rho() / s.rho();
    Vec const x0 = model.denoised(x, s);
    Vec y = r * x / s.alpha() + (1 - r) * x0;
    if (order >= 2 && x0_before) {
      Vec const slope = (x0 - x0_before) / (s.rho() - rho1);
      y = y + integral(t.rho(), s.rho(), 0) * slope;
      if (order >= 3 && slope_before)
        y = y + integral(t.rho(), s.rho(), 1) * 2 / (s.rho() - rho2) * (slope - slope_before);
      slope_before = slope;
    }
    y = y + t.rho() * std::sqrt(1 - shrink * shrink) * model.normal(s, t);
    x = t.alpha() * y;
    x0_before = x0;
    rho2 = rho1;
    rho1 = s.rho();
  }
  return x;
}

}  // namespace retrace::er_sde
