// SPDX-License-Identifier: Apache-2.0

// The stochastic samplers against their papers' or peers' lines, written a second time for one
// number with given noise, on a mixture. Integrals are done by Boost here.
#include <retrace/core/error.hpp>
#include <retrace/run/reference.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace retrace {
namespace {

/// What a paper's loop is given. Levels by k: a, s, rho, l are alpha, sigma, sigma / alpha, lambda.
struct Given {
  Sde sde;
  std::vector<NoiseLevel> level;
  Mixture mixture;
  std::size_t draws;
  std::vector<double> noise;

  [[nodiscard]] std::size_t steps() const { return level.size() - 1; }
  [[nodiscard]] double a(std::size_t k) const { return level[k].alpha(); }
  [[nodiscard]] double s(std::size_t k) const { return level[k].sigma(); }
  [[nodiscard]] double rho(std::size_t k) const { return s(k) / a(k); }
  [[nodiscard]] double l(std::size_t k) const { return std::log(a(k) / s(k)); }
  [[nodiscard]] double z(std::size_t step, std::size_t k = 0) const {
    return noise[step * draws + k];
  }
  [[nodiscard]] double x0(double x, NoiseLevel const& at) const {
    double out = 0;
    mixture.at(at).denoised({&x, 1}, {&out, 1});
    return out;
  }
  [[nodiscard]] double x0(double x, std::size_t k) const { return x0(x, level[k]); }
  [[nodiscard]] double epsilon(double x, NoiseLevel const& at) const {
    return (x - at.alpha() * x0(x, at)) / at.sigma();
  }
  [[nodiscard]] double score(double x, NoiseLevel const& at) const {
    return -epsilon(x, at) / at.sigma();
  }
  [[nodiscard]] NoiseLevel at_lambda(double lambda) const { return sde.at_lambda(lambda); }
};

using Paper = std::function<double(Given const&, double x)>;

/// k-diffusion's get_ancestral_step.
struct AncestralStep {
  double down, up;
  AncestralStep(double from, double to) {
    up = std::min(to, std::sqrt(to * to * (from * from - to * to) / (from * from)));
    down = std::sqrt(to * to - up * up);
  }
};

/// Where b is halfway between a level and sigma_down it is the next level itself.
void expect_next_level(double sigma, Given const& r, std::size_t k) {
  EXPECT_NEAR(sigma, r.rho(k + 1), 1e-12 * sigma);
}

double dpm2_ancestral(Given const& r, double x) {
  for (std::size_t k = 0; k < r.steps(); ++k) {
    double const y = x / r.a(k), sigma = r.rho(k);
    AncestralStep const step(sigma, r.rho(k + 1));
    double const d = (y - r.x0(x, k)) / sigma;
    double const sigma_mid = std::exp((std::log(sigma) + std::log(step.down)) / 2);
    expect_next_level(sigma_mid, r, k);
    double const x_2 = y + d * (sigma_mid - sigma);
    double const d_2 = (x_2 - r.x0(r.a(k + 1) * x_2, k + 1)) / sigma_mid;
    x = r.a(k + 1) * (y + d_2 * (step.down - sigma) + r.z(k) * step.up);
  }
  return x;
}

double dpmpp_2s_ancestral(Given const& r, double x) {
  for (std::size_t k = 0; k < r.steps(); ++k) {
    double const y = x / r.a(k), sigma = r.rho(k);
    AncestralStep const step(sigma, r.rho(k + 1));
    double const t = -std::log(sigma), t_next = -std::log(step.down), h = t_next - t;
    double const s = t + h / 2;
    expect_next_level(std::exp(-s), r, k);
    double const x_2 = std::exp(-s) / sigma * y - std::expm1(-h / 2) * r.x0(x, k);
    x = r.a(k + 1) *
        (step.down / sigma * y - std::expm1(-h) * r.x0(r.a(k + 1) * x_2, k + 1) + r.z(k) * step.up);
  }
  return x;
}

/// k-diffusion's drift, with the noise of a path W over c = e^(2 lambda): x alpha / sigma^2 gets
/// its increments.
Paper dpmpp_sde(double part) {
  return [=](Given const& r, double x) {
    for (std::size_t k = 0; k < r.steps(); ++k) {
      double const y = x / r.a(k), sigma = r.rho(k), sigma_next = r.rho(k + 1);
      double const t = -std::log(sigma), s = t + part * (-std::log(sigma_next) - t);
      NoiseLevel const m = r.at_lambda(s);
      double const c0 = std::exp(2 * t), c1 = std::exp(2 * s), c2 = std::pow(sigma_next, -2);
      double const w_m = std::sqrt(c1 - c0) * r.z(k, 0);
      double const w_t = w_m + std::sqrt(c2 - c1) * r.z(k, 1);
      double const denoised = r.x0(x, k);
      double const sd1 = AncestralStep(sigma, std::exp(-s)).down;
      double const x_2 =
          sd1 / sigma * y - std::expm1(t + std::log(sd1)) * denoised + std::exp(-2 * s) * w_m;
      double const denoised_2 = r.x0(m.alpha() * x_2, m);
      double const sd2 = AncestralStep(sigma, sigma_next).down, fac = 1 / (2 * part);
      double const denoised_d = (1 - fac) * denoised + fac * denoised_2;
      x = r.a(k + 1) * (sd2 / sigma * y - std::expm1(t + std::log(sd2)) * denoised_d +
                        sigma_next * sigma_next * w_t);
    }
    return x;
  };
}

Paper dpmpp_2m_sde(char type, double eta) {
  return [=](Given const& r, double x) {
    double old = 0, h_last = 0;
    for (std::size_t k = 0; k < r.steps(); ++k) {
      double const denoised = r.x0(x, k), h = r.l(k + 1) - r.l(k), eta_h = eta * h;
      double y = r.rho(k + 1) / r.rho(k) * std::exp(-eta_h) * x / r.a(k) -
                 std::expm1(-h - eta_h) * denoised;
      if (k > 0) {
        double const ratio = h_last / h;
        if (type == 'h')
          y += (-std::expm1(-h - eta_h) / (-h - eta_h) + 1) * (1 / ratio) * (denoised - old);
        else
          y += 0.5 * -std::expm1(-h - eta_h) * (1 / ratio) * (denoised - old);
      }
      y += r.z(k) * r.rho(k + 1) * std::sqrt(-std::expm1(-2 * eta_h));
      x = r.a(k + 1) * y;
      old = denoised;
      h_last = h;
    }
    return x;
  };
}

Paper dpmpp_3m_sde(double eta) {
  return [=](Given const& r, double x) {
    double denoised_1 = 0, denoised_2 = 0, h_1 = 0, h_2 = 0;
    for (std::size_t k = 0; k < r.steps(); ++k) {
      double const denoised = r.x0(x, k), h = r.l(k + 1) - r.l(k), h_eta = h * (eta + 1);
      double y = std::exp(-h_eta) * x / r.a(k) - std::expm1(-h_eta) * denoised;
      double const phi_2 = std::expm1(-h_eta) / h_eta + 1, phi_3 = phi_2 / h_eta - 0.5;
      if (k > 1) {
        double const r0 = h_1 / h, r1 = h_2 / h;
        double const d1_0 = (denoised - denoised_1) / r0, d1_1 = (denoised_1 - denoised_2) / r1;
        double const d1 = d1_0 + (d1_0 - d1_1) * r0 / (r0 + r1), d2 = (d1_0 - d1_1) / (r0 + r1);
        y += phi_2 * d1 - 2 * phi_3 * d2;
      } else if (k > 0) {
        y += phi_2 * (denoised - denoised_1) * h / h_1;
      }
      y += r.z(k) * r.rho(k + 1) * std::sqrt(-std::expm1(-2 * h * eta));
      x = r.a(k + 1) * y;
      denoised_2 = denoised_1;
      denoised_1 = denoised;
      h_2 = h_1;
      h_1 = h;
    }
    return x;
  };
}

double integral(std::function<double(double)> const& f, double from, double to) {
  return boost::math::quadrature::gauss_kronrod<double, 31>::integrate(f, from, to, 12, 1e-14);
}

/// Xue et al. 2023, eq. 14 to 17, with Lagrange's polynomials as printed.
Paper sa_solver(double tau, std::size_t predictor, std::size_t corrector) {
  return [=](Given const& r, double x) {
    std::vector<double> outputs;  // at levels 0, 1, ...
    double const e = 1 + tau * tau;
    // From level k to k + 1 through the outputs at levels first, ..., last.
    auto const update = [&](double from, std::size_t k, std::size_t first, std::size_t last) {
      double const h = r.l(k + 1) - r.l(k);
      double sum = r.s(k + 1) / r.s(k) * std::exp(-tau * tau * h) * from +
                   r.s(k + 1) * std::sqrt(1 - std::exp(-2 * tau * tau * h)) * r.z(k);
      for (std::size_t j = first; j <= last; ++j)
        sum += r.a(k + 1) * outputs[j] *
               integral(
                   [&](double lambda) {
                     double value = e * std::exp(-e * (r.l(k + 1) - lambda));
                     for (std::size_t m = first; m <= last; ++m)
                       if (m != j) value *= (lambda - r.l(m)) / (r.l(j) - r.l(m));
                     return value;
                   },
                   r.l(k), r.l(k + 1));
      return sum;
    };
    auto const first_of = [](std::size_t last, std::size_t count) {
      return last + 1 > count ? last + 1 - count : 0;
    };
    double corrected = x;
    for (std::size_t k = 0; k < r.steps(); ++k) {
      outputs.push_back(r.x0(x, k));
      if (k == 0 || corrector == 0)
        corrected = x;
      else
        corrected = update(corrected, k - 1, first_of(k, corrector), k);
      x = update(corrected, k, first_of(k, predictor), k);
    }
    return x;
  };
}

/// Cui et al. 2023, Algorithms 1 to 3, the VP code's lines with its lambda = sigma / alpha.
Paper er_sde(int order) {
  return [=](Given const& r, double x) {
    auto const fn = [](double rho) { return rho * (std::exp(std::pow(rho, 0.3)) + 10); };
    double old_x0 = 0, old_d_x0 = 0;
    for (std::size_t k = 0; k < r.steps(); ++k) {
      double const from = r.rho(k), to = r.rho(k + 1), x0 = r.x0(x, k);
      double const r_fn = fn(to) / fn(from), r_alphas = r.a(k + 1) / r.a(k);
      double const noise = r.z(k) * std::sqrt(to * to - from * from * r_fn * r_fn) * r.a(k + 1);
      x = r_alphas * r_fn * x + r.a(k + 1) * (1 - r_fn) * x0 + noise;
      if (k > 0 && order > 1) {
        double const s_int = integral([&](double rho) { return 1 / fn(rho); }, to, from);
        double const d_x0 = (x0 - old_x0) / (from - r.rho(k - 1));
        x += r.a(k + 1) * (to - from + s_int * fn(to)) * d_x0;
        if (k > 1 && order > 2) {
          double const s_d_int =
              integral([&](double rho) { return (rho - from) / fn(rho); }, to, from);
          double const dd_x0 = 2 * (d_x0 - old_d_x0) / (from - r.rho(k - 2));
          x += r.a(k + 1) * (std::pow(to - from, 2) / 2 + s_d_int * fn(to)) * dd_x0;
        }
        old_d_x0 = d_x0;
      }
      old_x0 = x0;
    }
    return x;
  };
}

/// Gonzalez et al. 2023, noise prediction; the increments of one path over -rho^2.
Paper seeds(int stages, double part = 0.5) {
  return [=](Given const& r, double x) {
    for (std::size_t k = 0; k < r.steps(); ++k) {
      NoiseLevel const s = r.level[k], t = r.level[k + 1];
      double const h = t.lambda() - s.lambda();
      auto const at = [&](double c) { return r.at_lambda(s.lambda() + c * h); };
      auto const path = [&](NoiseLevel const& from, NoiseLevel const& to, std::size_t j) {
        return std::sqrt(std::pow(from.rho(), 2) - std::pow(to.rho(), 2)) * r.z(k, j);
      };
      double const e = r.epsilon(x, s);
      auto const euler = [&](NoiseLevel const& to, double c) {
        return to.alpha() / s.alpha() * x - 2 * to.sigma() * (std::exp(c * h) - 1) * e;
      };
      if (stages == 1) {
        x = euler(t, 1) + t.alpha() * path(s, t, 0);
      } else if (stages == 2) {
        NoiseLevel const m = at(part);
        double const w = path(s, m, 0);
        double const e1 = r.epsilon(euler(m, part) + m.alpha() * w, m);
        x = euler(t, 1) - 1 / part * t.sigma() * (std::exp(h) - 1) * (e1 - e) +
            t.alpha() * (w + path(m, t, 1));
      } else {
        double const c2 = 1.0 / 3, c3 = 2.0 / 3;
        NoiseLevel const m2 = at(c2), m3 = at(c3);
        double const w2 = path(s, m2, 0), w3 = w2 + path(m2, m3, 1), w = w3 + path(m3, t, 2);
        double const phi_23 = (std::exp(c3 * h) - 1) / (c3 * h) - 1,
                     phi_2 = (std::exp(h) - 1) / h - 1;
        double const e2 = r.epsilon(euler(m2, c2) + m2.alpha() * w2, m2);
        double const e3 = r.epsilon(
            euler(m3, c3) - 2 * c3 / c2 * m3.sigma() * phi_23 * (e2 - e) + m3.alpha() * w3, m3);
        x = euler(t, 1) - 3 * t.sigma() * phi_2 * (e3 - e) + t.alpha() * w;
      }
    }
    return x;
  };
}

double stochastic_heun(Given const& r, double x) {
  auto const b = [&](double at, NoiseLevel const& s) {
    return -s.f() * at + s.g2() * r.score(at, s);
  };
  for (std::size_t k = 0; k < r.steps(); ++k) {
    NoiseLevel const s = r.level[k], t = r.level[k + 1];
    double const h = s.t() - t.t();
    double const w = std::sqrt(r.sde.at(s.t() - h / 2).g2() * h) * r.z(k);
    double const predicted = x + h * b(x, s) + w;
    x = x + h * (b(x, s) + b(predicted, t)) / 2 + w;
  }
  return x;
}

/// Roessler 2010: a general explicit method for additive noise with the tableau of SRA1, on du =
/// x0 dc + dW.
double sra1(Given const& r, double x) {
  double const alpha[] = {1.0 / 3, 2.0 / 3}, c0[] = {0, 0.75}, a0 = 0.75, b0 = 1.5;
  double const beta1[] = {1, 0}, beta2[] = {-1, 1};
  for (std::size_t k = 0; k < r.steps(); ++k) {
    double const c = std::exp(2 * r.l(k)), h = std::exp(2 * r.l(k + 1)) - c;
    auto const drift = [&](double clock, double u) {
      NoiseLevel const level = r.at_lambda(std::log(clock) / 2);
      return r.x0(u * std::pow(level.sigma(), 2) / level.alpha(), level);
    };
    double const i1 = std::sqrt(h) * r.z(k, 0);
    double const i10 = std::pow(h, 1.5) / 2 * (r.z(k, 0) + r.z(k, 1) / std::sqrt(3));
    double const u = x * r.a(k) / std::pow(r.s(k), 2);
    double const f[] = {drift(c + c0[0] * h, u),
                        drift(c + c0[1] * h, u + a0 * h * drift(c, u) + b0 * i10 / h)};
    double next = u;
    for (int i = 0; i < 2; ++i) next += alpha[i] * h * f[i] + beta1[i] * i1 + beta2[i] * i10 / h;
    x = next * std::pow(r.s(k + 1), 2) / r.a(k + 1);
  }
  return x;
}

/// Xu et al. 2023's code with the grid's levels: rho 0.06 and 0.3 by default.
double restart(Given const& r, double x) {
  auto const heun = [&](std::size_t k) {
    double const y = x / r.a(k), t = r.rho(k), t_next = r.rho(k + 1);
    double const d = (y - r.x0(x, k)) / t, predicted = y + (t_next - t) * d;
    double const d_prime = (predicted - r.x0(r.a(k + 1) * predicted, k + 1)) / t_next;
    x = r.a(k + 1) * (y + (t_next - t) * (0.5 * d + 0.5 * d_prime));
  };
  auto const nearest = [&](double rho) {
    std::size_t found = 0;
    for (std::size_t k = 0; k <= r.steps(); ++k)
      if (std::abs(std::log(r.rho(k) / rho)) < std::abs(std::log(r.rho(found) / rho))) found = k;
    return found;
  };
  std::size_t const low = nearest(0.06), high = std::min(nearest(0.3), low - 1);
  EXPECT_GT(low, high + 1) << "the grid is too coarse for this test";
  for (std::size_t k = 0; k < r.steps(); ++k) {
    heun(k);
    if (k + 1 != low) continue;
    for (std::size_t j = 0; j < 2; ++j) {
      x = r.a(high) * (x / r.a(low) +
                       r.noise[j] * std::sqrt(std::pow(r.rho(high), 2) - std::pow(r.rho(low), 2)));
      for (std::size_t i = high; i < low; ++i) heun(i);
    }
  }
  return x;
}

enum class Predictor { euler_maruyama, ancestral, ddim };
Paper pc_langevin(Predictor predictor, std::size_t corrections) {
  return [=](Given const& r, double x) {
    for (std::size_t k = 0; k < r.steps(); ++k) {
      NoiseLevel const s = r.level[k], t = r.level[k + 1];
      for (std::size_t j = 0; j < corrections; ++j) {
        double const e = 2 * std::pow(0.16 * s.sigma(), 2);
        x = x + e * r.score(x, s) + std::sqrt(2 * e) * r.z(k, j);
      }
      double const h = s.t() - t.t();
      double const kept = std::pow(t.rho() / s.rho(), 2);  // SNR_s / SNR_t
      double const x0 = r.x0(x, s);
      if (predictor == Predictor::euler_maruyama)
        x = x - h * (s.f() * x - s.g2() * r.score(x, s)) +
            std::sqrt(s.g2() * h) * r.z(k, corrections);
      else if (predictor == Predictor::ancestral)
        x = kept * t.alpha() / s.alpha() * x + t.alpha() * (1 - kept) * x0 +
            t.sigma() * std::sqrt(1 - kept) * r.z(k, corrections);
      else
        x = t.alpha() * x0 + t.sigma() * r.epsilon(x, s);
    }
    return x;
  };
}

struct Case {
  std::string sampler;
  Paper paper;
  std::size_t draws = 1;
};

TEST(StochasticSamplers, AreTheirPapersFormulas) {
  std::vector<Case> const cases{
      {"dpm2-ancestral", dpm2_ancestral},
      {"dpmpp-2s-ancestral", dpmpp_2s_ancestral},
      {"dpmpp-sde", dpmpp_sde(0.5), 2},
      {"dpmpp-sde:r=0.3", dpmpp_sde(0.3), 2},
      {"dpmpp-2m-sde", dpmpp_2m_sde('m', 1)},
      {"dpmpp-2m-sde:type=heun,eta=0.4", dpmpp_2m_sde('h', 0.4)},
      {"dpmpp-3m-sde", dpmpp_3m_sde(1)},
      {"dpmpp-3m-sde:eta=0.4", dpmpp_3m_sde(0.4)},
      {"sa-solver", sa_solver(1, 3, 4)},
      {"sa-solver:tau=0.6,predictor=2,corrector=2", sa_solver(0.6, 2, 2)},
      {"sa-solver:predictor=4,corrector=0", sa_solver(1, 4, 0)},
      {"sa-solver:predictor=1,corrector=3", sa_solver(1, 1, 3)},
      {"er-sde-1", er_sde(1)},
      {"er-sde-2", er_sde(2)},
      {"er-sde-3", er_sde(3)},
      {"seeds-1", seeds(1)},
      {"seeds-2", seeds(2), 2},
      {"seeds-2:r=0.7", seeds(2, 0.7), 2},
      {"seeds-3", seeds(3), 3},
      {"stochastic-heun", stochastic_heun},
      {"sra1", sra1, 2},
      {"restart", restart},
      {"pc-langevin:predictor=euler-maruyama", pc_langevin(Predictor::euler_maruyama, 1), 2},
      {"pc-langevin:predictor=ancestral,steps=3", pc_langevin(Predictor::ancestral, 3), 4},
      {"pc-langevin:predictor=ddim", pc_langevin(Predictor::ddim, 1), 1}};
  constexpr std::int64_t steps = 16;
  for (Case const& c : cases)
    for (char const* name : {"vp", "sub-vp", "ve", "edm"}) {
      Sde const sde = make_sde(name);
      Grid const grid =
          make_grid("karras:final=eps", sde, steps, {0.6 * sde.t_max(), 1e-3 * sde.t_max()});
      Given run{sde, {}, testing::scattered_mixture(1, 3), c.draws, {}};
      for (std::int64_t k = 0; k <= steps; ++k) run.level.push_back(grid.level(k));
      for (std::size_t i = 0; i < c.draws * steps; ++i)
        run.noise.push_back(1.4 * std::sin(1.3 * static_cast<double>(i * i) + 0.7));
      double const start = 0.8 * run.s(0);
      std::vector<double> x{start};
      reference(
          trace(make_sampler(c.sampler), grid),
          [&](std::span<double const> in, NoiseLevel const& s, std::span<double> out) {
            run.mixture.at(s).denoised(in, out);
          },
          0, 0, x, run.noise);
      double const expected = c.paper(run, start);
      EXPECT_NEAR(x[0], expected, 1e-10 * std::max(1.0, std::abs(expected)))
          << c.sampler << " on " << name;
    }
}

TEST(StochasticSamplers, RefuseOptionsOutOfTheirRange) {
  for (char const* wrong :
       {"dpmpp-sde:eta=-1", "dpmpp-sde:r=0", "dpmpp-sde:r=1", "dpmpp-2m-sde:type=euler",
        "dpmpp-2m-sde:eta=-0.1", "dpmpp-3m-sde:eta=nan", "sa-solver:tau=-1",
        "sa-solver:predictor=0", "sa-solver:predictor=5", "sa-solver:corrector=5", "seeds-2:r=1",
        "seeds-1:r=0.5", "restart:repeats=0", "restart:rho_min=0.3,rho_max=0.1",
        "restart:rho_min=0", "pc-langevin:steps=0", "er-sde-4"})
    EXPECT_THROW((void)make_sampler(wrong), Error) << wrong;
}

}  // namespace
}  // namespace retrace
