// SPDX-License-Identifier: Apache-2.0

// Multistep samplers against their papers' formulas, written a second time for plain vectors. Those
// that interpolate and integrate exactly are, whatever their code looks like,
//   x_t / scale_t = x_s / scale_s + sum_j m_j int_s^t l_j(v(tau)) (d clock / d tau) d tau,
// l_j the Lagrange polynomials in a variable v, with clock = rho and scale = alpha for the noise,
// clock = 1/rho and scale = sigma for the data. Here the integrals are done numerically over t.
#include "trajectories.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace retrace::testing {
namespace {

enum class Begin { full, low };

State adams_bashforth(Problem const& p, Form const& form,
                      std::function<double(NoiseLevel const&)> const& variable, int order,
                      Begin begin) {
  State x = p.start;
  std::vector<NoiseLevel> levels;  // newest last
  std::vector<State> answers;
  for (auto const [s, t, i] : p.grid.steps()) {
    levels.push_back(s);
    answers.push_back(form.model(p, x, s));
    auto const last = static_cast<int>(levels.size());
    if (begin == Begin::full && last < order) {
      x = runge_kutta(p, form, order - 1, x, s, t);
      continue;
    }
    int const first = std::max(0, last - order);
    x = interpolated_step(p, form, variable, {levels.begin() + first, levels.end()},
                          {answers.begin() + first, answers.end()}, x, s, t);
  }
  return x;
}

TEST(Multistep, InterpolatesInItsVariableAndIntegratesExactly) {
  auto const rho = [](NoiseLevel const& u) { return u.sigma() / u.alpha(); };
  auto const lambda = [](NoiseLevel const& u) { return std::log(u.alpha() / u.sigma()); };
  auto const time = [](NoiseLevel const& u) { return u.t(); };
  Form const noise{Prediction::noise}, denoised{Prediction::denoised};
  for (char const* sde : sdes_with_drift) {
    Problem const p(sde);
    for (int order = 1; order <= 4; ++order) {
      std::string const n = std::to_string(order);
      p.expect("lms-" + n,
               adams_bashforth(p, noise, rho, order, order > 2 ? Begin::full : Begin::low));
      p.expect("deis-" + n,
               adams_bashforth(p, noise, time, order, order > 2 ? Begin::full : Begin::low));
      if (order > 2) {
        p.expect("lms-" + n + ":start=low", adams_bashforth(p, noise, rho, order, Begin::low));
        p.expect("deis-" + n + ":start=low", adams_bashforth(p, noise, time, order, Begin::low));
        p.expect("exp-ab-" + n + ":start=low",
                 adams_bashforth(p, denoised, lambda, order, Begin::low));
      }
      if (order == 1) continue;
      Begin const begin = order > 2 ? Begin::full : Begin::low;
      p.expect("exp-ab-" + n, adams_bashforth(p, denoised, lambda, order, begin));
      p.expect("exp-ab-" + n + ":prediction=noise",
               adams_bashforth(p, noise, lambda, order, begin));
    }
    p.expect("dpmpp-3m", adams_bashforth(p, denoised, lambda, 3, Begin::full));  // the same method
  }
}

/// k-diffusion's sample_dpmpp_3m_sde with eta = 0, line by line in sigma of x / alpha, but for the
/// factor of phi_3; `full` up to `final` steps before the end.
State k_diffusion_3m(Problem const& p, double phi_3_factor, int low_last_steps) {
  State x = p.start, denoised_1, denoised_2;
  double h_1 = 0, h_2 = 0;
  std::int64_t const count = p.grid.count();
  for (auto const [s, t, i] : p.grid.steps()) {
    State const denoised = p.denoise(x, s);
    double const h = t.lambda() - s.lambda();
    auto const order = std::min<std::int64_t>(i + 1, low_last_steps ? count - i : 3);
    State next = combine({{t.sigma() / s.sigma(), x}, {-t.alpha() * std::expm1(-h), denoised}});
    double const phi_2 = std::expm1(-h) / h + 1, phi_3 = phi_2 / h - 0.5;
    if (order >= 3) {
      double const r0 = h_1 / h, r1 = h_2 / h;
      State const d1_0 = combine({{1 / r0, denoised}, {-1 / r0, denoised_1}});
      State const d1_1 = combine({{1 / r1, denoised_1}, {-1 / r1, denoised_2}});
      State const d1 = combine({{1 + r0 / (r0 + r1), d1_0}, {-r0 / (r0 + r1), d1_1}});
      State const d2 = combine({{1 / (r0 + r1), d1_0}, {-1 / (r0 + r1), d1_1}});
      next = combine({{1, next}, {t.alpha() * phi_2, d1}, {-phi_3_factor * t.alpha() * phi_3, d2}});
    } else if (order == 2) {
      double const r = h_1 / h;
      next = combine(
          {{1, next}, {t.alpha() * phi_2 / r, denoised}, {-t.alpha() * phi_2 / r, denoised_1}});
    }
    x = next;
    denoised_2 = denoised_1;
    denoised_1 = denoised;
    h_2 = h_1;
    h_1 = h;
  }
  return x;
}

TEST(Multistep, DpmSolverPlusPlus2MIsAlgorithm2) {
  // r_i = h_{i-1} / h_i; D = (1 + 1/2r) x0_i - 1/2r x0_{i-1}
  auto const algorithm = [](Problem const& p, std::int64_t first_order_from) {
    State x = p.start, before;
    double h_before = 0;
    for (auto const [s, t, i] : p.grid.steps()) {
      double const h = t.lambda() - s.lambda(), r = h_before / h;
      State const x0 = p.denoise(x, s);
      double const extra = before.empty() || i >= first_order_from ? 0 : 1 / (2 * r);
      State const middle = before.empty() ? x0 : combine({{1 + extra, x0}, {-extra, before}});
      x = combine({{t.sigma() / s.sigma(), x}, {-t.alpha() * (std::exp(-h) - 1), middle}});
      before = x0;
      h_before = h;
    }
    return x;
  };
  for (char const* sde : sdes_with_drift) {
    Problem const p(sde);
    p.expect("dpmpp-2m", algorithm(p, 12));
    p.expect("dpmpp-2m:final=low", algorithm(p, 11));
  }
}

TEST(Multistep, DpmSolverPlusPlus3MIsKDiffusionsWithTwicePhi3) {
  for (char const* sde : sdes_with_drift) {
    Problem const p(sde);
    p.expect("dpmpp-3m:start=low", k_diffusion_3m(p, 2, 0));
    p.expect("dpmpp-3m:start=low,final=low", k_diffusion_3m(p, 2, 1));
  }
}

/// Liu et al. 2022, eq. 11: phi(x, e, s, t) with alpha_bar = alpha^2, on vp.
State phi(State const& x, State const& e, NoiseLevel const& s, NoiseLevel const& t) {
  double const from = s.alpha() * s.alpha(), to = t.alpha() * t.alpha();
  double const factor =
      (to - from) / (std::sqrt(from) * (std::sqrt((1 - to) * from) + std::sqrt((1 - from) * to)));
  return combine({{std::sqrt(to / from), x}, {-factor, e}});
}

State pseudo_multistep(Problem const& p, int answers, Begin begin) {
  State x = p.start;
  std::vector<State> e;  // newest first
  for (auto const [s, t, i] : p.grid.steps()) {
    e.insert(e.begin(), epsilon(x, s, p.denoise(x, s)));
    auto const noise = [&](State const& at, NoiseLevel const& u) {
      return epsilon(at, u, p.denoise(at, u));
    };
    State prime;
    if (begin == Begin::full && e.size() < 4) {
      NoiseLevel const m = p.sde.at((s.t() + t.t()) / 2);
      State const e2 = noise(phi(x, e[0], s, m), m), e3 = noise(phi(x, e2, s, m), m);
      State const e4 = noise(phi(x, e3, s, t), t);
      prime = combine({{1. / 6, e[0]}, {1. / 3, e2}, {1. / 3, e3}, {1. / 6, e4}});
    } else if (auto const n = std::min<std::size_t>(e.size(), static_cast<std::size_t>(answers));
               n == 1) {
      prime = e[0];
    } else if (n == 2) {
      prime = combine({{3. / 2, e[0]}, {-1. / 2, e[1]}});
    } else if (n == 3) {
      prime = combine({{23. / 12, e[0]}, {-16. / 12, e[1]}, {5. / 12, e[2]}});
    } else {
      prime = combine({{55. / 24, e[0]}, {-59. / 24, e[1]}, {37. / 24, e[2]}, {-9. / 24, e[3]}});
    }
    x = phi(x, prime, s, t);
  }
  return x;
}

TEST(Multistep, PseudoMethodsArePndmsFormulas) {
  Problem const p("vp");
  for (int n = 1; n <= 4; ++n)
    p.expect("ipndm-" + std::to_string(n), pseudo_multistep(p, n, Begin::low));
  p.expect("pndm", pseudo_multistep(p, 4, Begin::full));
}

TEST(Multistep, OfOneAnswerIsDdim) {
  for (char const* sde : {"vp", "ve", "edm", "cosine", "sub-vp"}) {
    Problem const p(sde);
    State const ddim = traced(make_sampler("ddim"), p.grid, p.start, p.mixture);
    for (char const* one : {"dpm-solver-1", "deis-1", "lms-1", "ipndm-1", "unipc-1:corrector=off"})
      p.expect(one, ddim);
  }
}

}  // namespace
}  // namespace retrace::testing
