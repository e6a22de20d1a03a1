// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/exponential.hpp>
#include <retrace/samplers/gauss_legendre.hpp>
#include <retrace/samplers/interpolation.hpp>
#include <retrace/samplers/multistep.hpp>
#include <retrace/samplers/sampler_info.hpp>

#include <array>
#include <cmath>
#include <vector>

namespace retrace {

/// int_s^t u^m drho / (rho_t - rho_s) for m = 0 .. count - 1 of a variable u(r) that is 0 at s and
/// 1 at t, r a part of the way in lambda, of length h: Gauss and Legendre in lambda. Panels of
/// length one at most leave nothing but rounding where u is smooth.
template <class Variable>
[[nodiscard]] std::vector<double> rho_moments(double h, int count, Variable u) {
  static Quadrature const rule = gauss_legendre(16);
  double const panels = std::ceil(std::abs(h));
  std::vector<double> all(static_cast<std::size_t>(count), 0.0);
  for (double panel = 0; panel < panels; ++panel)
    for (std::size_t q = 0; q < rule.nodes.size(); ++q) {
      double const r = (panel + rule.nodes[q]) / panels, here = u(r);
      double weight = rule.weights[q] / panels * h * std::exp(-r * h) / -std::expm1(-h);
      for (double& moment : all) {
        moment += weight;
        weight *= here;
      }
    }
  return all;
}

/// Those of u = (tau - s) / (t - s): t(lambda) is smooth on every SDE, also where sigma has an
/// infinite slope in t.
[[nodiscard]] inline std::vector<double> deis_moments(Grid const& grid, NoiseLevel const& s,
                                                      NoiseLevel const& t, int count) {
  return rho_moments(t.lambda() - s.lambda(), count, [&](double r) {
    return (grid.between(s, t, r).t() - s.t()) / (t.t() - s.t());
  });
}

/// The same with u = (lambda - lambda_s) / (lambda_t - lambda_s), in closed form.
[[nodiscard]] inline std::vector<double> log_snr_moments(NoiseLevel const& s, NoiseLevel const& t,
                                                         int count) {
  ExponentialStep const step(Prediction::noise, s, t);
  std::vector<double> all = step.moments(count);
  for (double& moment : all) moment /= phi(1, step.z);
  return all;
}

/// Zhang and Chen 2023, "Fast sampling of diffusion models with exponential integrator", tAB-DEIS
/// (eq. 14 and 15): the noise interpolated in t through the last `Order` levels with their true
/// distances, and integrated exactly,
///   x_t = alpha_t / alpha_s x_s + alpha_t sum_j (int_s^t l_j(tau) drho) epsilon_j,
/// where drho = g^2 / (2 sigma alpha) dtau is the paper's kernel. On a discrete chain, which has no
/// t(lambda) between its levels, the noise is interpolated in lambda, as in diffusers' code.
template <int Order>
struct deis {
  static_assert(Order >= 1 && Order <= 4);
  FirstSteps start = FirstSteps::full;

  static constexpr SamplerInfo info{
      .name = std::array{"deis-1", "deis-2", "deis-3", "deis-4"}[Order - 1],
      .summary = "tAB-DEIS: the noise interpolated in t, integrated exactly",
      .paper = "Zhang, Chen 2023, Fast sampling with exponential integrator, eq. 14-15",
      .order = Order};
  static std::vector<Option<deis>> options() {
    if constexpr (Order >= 3) return {start_option<deis>()};
    return {};
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    Answers epsilon(Order);
    for (auto const [s, t, i] : grid.steps()) {
      epsilon.add(s, model.noise(x, s));
      if (Order >= 3 && start == FirstSteps::full && !epsilon.complete()) {
        x = starting_step(Order, Prediction::noise, model, grid, s, t, x);
        continue;
      }
      int const count = epsilon.count();
      bool const chain = !s.has_drift();
      auto const weights = interpolatory_weights(
          epsilon.nodes(count, t, [&](auto const& u) { return chain ? u.lambda() : u.t(); }),
          chain ? log_snr_moments(s, t, count) : deis_moments(grid, s, t, count));
      x = t.alpha() * (x / s.alpha() + (t.rho() - s.rho()) * epsilon.combined(weights));
    }
    return x;
  }
};

}  // namespace retrace
