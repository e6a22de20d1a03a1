// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "states.hpp"

#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <boost/math/quadrature/gauss.hpp>
#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

/// What the second texts of multistep samplers share.
namespace retrace::testing {

struct Problem {
  Mixture mixture = correlated_mixture(2, 3);
  Denoiser denoise = denoiser_of(mixture);
  State start{0.4, -1.1};
  Sde sde;
  Grid grid;

  explicit Problem(char const* name, char const* rule = "quadratic")
      : sde(make_sde(name)), grid(make_grid(rule, sde, 12, {0.95, 2e-3})) {}

  void expect(std::string const& sampler, State const& expected) const {
    State const x = traced(make_sampler(sampler), grid, start, mixture);
    for (std::size_t c = 0; c < 2; ++c)
      EXPECT_NEAR(x[c], expected[c], 2e-11) << sampler << " on " << sde.name();
  }
};

inline std::vector<char const*> const sdes_with_drift{"vp", "sub-vp", "ve"};

/// d x / d rho = epsilon in x / alpha, or d x / d (1/rho) = x0 in x / sigma.
struct Form {
  Prediction prediction;
  [[nodiscard]] double scale(NoiseLevel const& s) const {
    return prediction == Prediction::noise ? s.alpha() : s.sigma();
  }
  [[nodiscard]] double clock(NoiseLevel const& s) const {
    return prediction == Prediction::noise ? s.sigma() / s.alpha() : s.alpha() / s.sigma();
  }
  [[nodiscard]] NoiseLevel at_clock(Sde const& sde, double c) const {
    return sde.at_lambda(prediction == Prediction::noise ? -std::log(c) : std::log(c));
  }
  [[nodiscard]] double clock_rate(NoiseLevel const& u) const {
    double const rho_rate = u.g2() / (2 * u.sigma() * u.alpha());
    return prediction == Prediction::noise ? rho_rate : -rho_rate / std::pow(u.rho(), 2);
  }
  [[nodiscard]] State model(Problem const& p, State const& x, NoiseLevel const& s) const {
    State const x0 = p.denoise(x, s);
    return prediction == Prediction::noise ? epsilon(x, s, x0) : x0;
  }
};

/// The midpoint method of order 2, Ralston's of order 3 or Kutta's of order 4, in the clock.
inline State runge_kutta(Problem const& p, Form const& form, int order, State const& x,
                         NoiseLevel const& s, NoiseLevel const& t) {
  double const from = form.clock(s), h = form.clock(t) - from;
  State const y = combine({{1 / form.scale(s), x}});
  auto const slope = [&](double c, State const& at) {
    NoiseLevel const u = form.at_clock(p.sde, from + c * h);
    return form.model(p, combine({{form.scale(u), at}}), u);
  };
  State const k1 = slope(0, y), k2 = slope(0.5, combine({{1, y}, {h / 2, k1}}));
  State end = combine({{1, y}, {h, k2}});
  if (order == 3) {
    State const k3 = slope(0.75, combine({{1, y}, {0.75 * h, k2}}));
    end = combine({{1, y}, {2 * h / 9, k1}, {h / 3, k2}, {4 * h / 9, k3}});
  }
  if (order == 4) {
    State const k3 = slope(0.5, combine({{1, y}, {h / 2, k2}}));
    State const k4 = slope(1, combine({{1, y}, {h, k3}}));
    end = combine({{1, y}, {h / 6, k1}, {h / 3, k2}, {h / 3, k3}, {h / 6, k4}});
  }
  return combine({{form.scale(t), end}});
}

/// From s to t with the answers interpolated in a variable through their levels, and the polynomial
/// integrated over t against the rate of the clock, by Gauss and Legendre.
inline State interpolated_step(Problem const& p, Form const& form,
                               std::function<double(NoiseLevel const&)> const& variable,
                               std::vector<NoiseLevel> const& levels,
                               std::vector<State> const& answers, State const& x,
                               NoiseLevel const& s, NoiseLevel const& t) {
  std::vector<std::pair<double, State>> terms{{form.scale(t) / form.scale(s), x}};
  for (std::size_t j = 0; j < levels.size(); ++j) {
    auto const integrand = [&](double tau) {
      NoiseLevel const u = p.sde.at(tau);
      double product = form.clock_rate(u);
      for (std::size_t k = 0; k < levels.size(); ++k)
        if (k != j)
          product *=
              (variable(u) - variable(levels[k])) / (variable(levels[j]) - variable(levels[k]));
      return product;
    };
    double weight = 0;
    for (int panel = 0; panel < 4; ++panel) {
      double const length = (t.t() - s.t()) / 4, from = s.t() + panel * length;
      weight +=
          boost::math::quadrature::gauss<double, 20>::integrate(integrand, from, from + length);
    }
    terms.emplace_back(form.scale(t) * weight, answers[j]);
  }
  return combine(terms);
}

}  // namespace retrace::testing
