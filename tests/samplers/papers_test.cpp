// SPDX-License-Identifier: Apache-2.0

// Samplers against their papers' formulas, written here a second time for one number, with given
// noise (N13, N15). Deterministic ones of DPM-Solver and multistep ones have
// files of their own.
#include "states.hpp"

#include <retrace/core/error.hpp>
#include <retrace/run/reference.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>
#include <support/mixtures.hpp>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

namespace retrace::testing {
namespace {

using Draws = std::vector<State>;

struct Paper {
  std::string sampler;
  /// x from level s to t; z are the draws of the step.
  std::function<State(State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const& z,
                      Denoiser const& denoise)>
      step;
  std::size_t draws = 1;
  std::vector<char const*> sdes = {"vp"};
};

/// Levels by t, for steps that go halfway. The SDE is known by its levels only, so by name.
NoiseLevel halfway(char const* sde, NoiseLevel const& s, NoiseLevel const& t) {
  return make_sde(sde).at(0.5 * (s.t() + t.t()));
}

/// Butcher's tableau of rk4, row by row.
Paper paper_of_rk4(char const* sde) {
  return {"rk4",
          [=](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const&,
              Denoiser const& d) {
            double const h = t.t() - s.t();
            NoiseLevel const m = halfway(sde, s, t);
            State const k1 = drift(x, s, d);
            State const k2 = drift(combine({{1, x}, {h / 2, k1}}), m, d);
            State const k3 = drift(combine({{1, x}, {h / 2, k2}}), m, d);
            State const k4 = drift(combine({{1, x}, {h, k3}}), t, d);
            return combine({{1, x}, {h / 6, k1}, {h / 3, k2}, {h / 3, k3}, {h / 6, k4}});
          },
          0,
          {sde}};
}

Paper paper_of_midpoint(char const* sde) {
  return {"midpoint",
          [=](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const&,
              Denoiser const& d) {
            double const h = t.t() - s.t();
            State const half = combine({{1, x}, {h / 2, drift(x, s, d)}});
            return combine({{1, x}, {h, drift(half, halfway(sde, s, t), d)}});
          },
          0,
          {sde}};
}

/// Song et al. 2021, the corrector with e = 2 (snr sigma)^2.
State langevin_step(State const& x, NoiseLevel const& s, double snr, State const& z,
                    Denoiser const& d) {
  double const e = 2 * std::pow(snr * s.sigma(), 2);
  return combine({{1, x}, {e, score(x, s, d)}, {std::sqrt(2 * e), z}});
}

/// x_s = a x_t + q z reversed.
State reverse_diffusion_step(State const& x, NoiseLevel const& s, NoiseLevel const& t,
                             State const& z, Denoiser const& d) {
  double const a = s.alpha() / t.alpha();
  double const q2 = std::pow(s.sigma(), 2) - std::pow(a * t.sigma(), 2);
  return combine({{2 - a, x}, {q2, score(x, s, d)}, {std::sqrt(q2), z}});
}

std::vector<Paper> papers() {
  std::vector<char const*> const any{"vp", "sub-vp", "ve", "edm"};
  return {
      paper_of_rk4("vp"),
      paper_of_rk4("sub-vp"),
      paper_of_rk4("ve"),
      paper_of_midpoint("vp"),
      paper_of_midpoint("edm"),
      {"euler",
       [](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const&,
          Denoiser const& d) {
         return combine({{1, x}, {t.t() - s.t(), drift(x, s, d)}});
       },
       0, any},
      {"heun",
       [](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const&,
          Denoiser const& d) {
         double const h = t.t() - s.t();
         State const k1 = drift(x, s, d), k2 = drift(combine({{1, x}, {h, k1}}), t, d);
         return combine({{1, x}, {h / 2, k1}, {h / 2, k2}});
       },
       0, any},
      {"reverse-diffusion",
       [](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const& z,
          Denoiser const& d) { return reverse_diffusion_step(x, s, t, z[0], d); },
       1, any},
      {"reverse-diffusion",  // on vp as in the paper's Algorithm 3, with beta of the chain
       [](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const& z,
          Denoiser const& d) {
         double const beta = 1 - std::pow(s.alpha() / t.alpha(), 2);
         return combine(
             {{2 - std::sqrt(1 - beta), x}, {beta, score(x, s, d)}, {std::sqrt(beta), z[0]}});
       }},
      {"euler-ancestral",  // k-diffusion's lines, eta = 1
       [](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const& z,
          Denoiser const& d) {
         double const from = s.sigma() / s.alpha(), to = t.sigma() / t.alpha();
         double const up =
             std::min(to, std::sqrt(to * to * (from * from - to * to) / (from * from)));
         double const down = std::sqrt(to * to - up * up);
         State const y = combine({{1 / s.alpha(), x}});
         State const slope = combine({{1 / from, y}, {-1 / from, d(x, s)}});
         return combine(
             {{t.alpha(), y}, {t.alpha() * (down - from), slope}, {t.alpha() * up, z[0]}});
       },
       1, any},
      {"langevin",
       [](State const& x, NoiseLevel const& s, NoiseLevel const&, Draws const& z,
          Denoiser const& d) { return langevin_step(x, s, 0.16, z[0], d); },
       1, any},
      {"langevin:steps=3,snr=0.3",
       [](State x, NoiseLevel const& s, NoiseLevel const&, Draws const& z, Denoiser const& d) {
         for (State const& draw : z) x = langevin_step(x, s, 0.3, draw, d);
         return x;
       },
       3, any},
      {"pc-langevin:predictor=reverse-diffusion",
       [](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const& z,
          Denoiser const& d) {
         return reverse_diffusion_step(langevin_step(x, s, 0.16, z[0], d), s, t, z[1], d);
       },
       2, any},
      {"euler-maruyama",
       [](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const& z,
          Denoiser const& d) {
         double const h = s.t() - t.t();
         return combine(
             {{1 - h * s.f(), x}, {h * s.g2(), score(x, s, d)}, {std::sqrt(h * s.g2()), z[0]}});
       }},
      {"ancestral",  // on vp: the DDPM posterior with abar = alpha^2
       [](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const& z,
          Denoiser const& d) {
         double const ab = s.alpha() * s.alpha(), before = t.alpha() * t.alpha(),
                      beta = 1 - ab / before;
         return combine({{std::sqrt(before) * beta / (1 - ab), d(x, s)},
                         {std::sqrt(1 - beta) * (1 - before) / (1 - ab), x},
                         {std::sqrt(beta * (1 - before) / (1 - ab)), z[0]}});
       }},
      {"ddim",
       [](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const&,
          Denoiser const& d) {
         State const x0 = d(x, s);
         return combine({{t.alpha(), x0}, {t.sigma(), epsilon(x, s, x0)}});
       }},
      {"ddim:eta=0.7",  // eq. 16 as printed, vp
       [](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const& z,
          Denoiser const& d) {
         double const ab = s.alpha() * s.alpha(), before = t.alpha() * t.alpha();
         double const u = 0.7 * std::sqrt((1 - before) / (1 - ab)) * std::sqrt(1 - ab / before);
         State const x0 = d(x, s);
         return combine(
             {{t.alpha(), x0}, {std::sqrt(1 - before - u * u), epsilon(x, s, x0)}, {u, z[0]}});
       }},
      {"edm-heun",  // in sigma for x / alpha
       [](State const& x, NoiseLevel const& s, NoiseLevel const& t, Draws const&,
          Denoiser const& d) {
         double const rs = s.sigma() / s.alpha(), rt = t.sigma() / t.alpha();
         State const y = combine({{1 / s.alpha(), x}});
         State const slope = combine({{1 / rs, y}, {-1 / rs, d(x, s)}});
         State const y1 = combine({{1, y}, {rt - rs, slope}});
         State const x1 = combine({{t.alpha(), y1}});
         State const slope1 = combine({{1 / rt, y1}, {-1 / rt, d(x1, t)}});
         return combine({{t.alpha(), y},
                         {t.alpha() * (rt - rs) / 2, slope},
                         {t.alpha() * (rt - rs) / 2, slope1}});
       }},
  };
}

TEST(Samplers, AreTheirPapersFormulas) {
  constexpr std::int64_t n = 3, steps = 12;
  constexpr int d = 2;
  Mixture const mixture = correlated_mixture(d, 3);
  auto const denoise = denoiser_of(mixture);
  State starts;
  for (int i = 0; i < n * d; ++i) starts.push_back(1.1 * std::cos(2.3 * i));
  HostArray<double> init("init", n, d);
  for (int i = 0; i < n * d; ++i) init.data()[i] = starts[static_cast<std::size_t>(i)];

  auto const check = [&](Paper const& paper, char const* sde) {
    Grid const grid = make_grid("quadratic", make_sde(sde), steps, {0.95, 2e-3});
    auto const draws = static_cast<std::int64_t>(paper.draws);
    State noise;
    for (int i = 0; i < steps * draws * n * d; ++i)
      noise.push_back(1.4 * std::sin(1.3 * i * i + 0.7));
    SampleOptions<double> options{.samples = n};
    options.start = given_start<double>(init, 0);
    options.noise = GivenNoise<double>{noise, steps * draws};
    auto const run = sample(mixture, make_sampler(paper.sampler), grid, options);
    for (std::int64_t row = 0; row < n; ++row) {
      State x(starts.begin() + row * d, starts.begin() + (row + 1) * d);
      for (std::int64_t step = 0; step < steps; ++step) {
        Draws z;
        for (std::int64_t k = 0; k < draws; ++k) {
          auto const draw = noise.begin() + ((step * draws + k) * n + row) * d;
          z.emplace_back(draw, draw + d);
        }
        x = paper.step(x, grid.level(step), grid.level(step + 1), z, denoise);
      }
      for (int c = 0; c < d; ++c)
        EXPECT_NEAR(run.x(row, c), x[static_cast<std::size_t>(c)], 1e-11)
            << paper.sampler << " on " << sde;
    }
  };
  for (Paper const& paper : papers())
    for (char const* sde : paper.sdes) check(paper, sde);
}

TEST(Samplers, ScoreSdesEulerMaruyamaStepsByOneNth) {
  constexpr std::int64_t steps = 10;
  Mixture const mixture = scattered_mixture(1, 3);
  for (char const* name : {"vp", "sub-vp", "ve"}) {
    Sde const sde = make_sde(name);
    AnySampler const sampler = make_sampler("euler-maruyama:step=score-sde");
    auto const grid = sampler.own_grid(sde, steps, {.from = 1.0, .to = 1e-3});
    ASSERT_TRUE(grid.has_value());
    ASSERT_EQ(grid->noisy_levels(), steps);
    State x{0.3}, y = x, noise;
    for (int k = 0; k < steps; ++k) noise.push_back(std::sin(3.0 * k));
    for (int k = 0; k < steps; ++k) {
      NoiseLevel const s = sde.at(1.0 + k * (1e-3 - 1.0) / (steps - 1));
      State score(1);
      mixture.at(s).score(x, score);
      x[0] += -(s.f() * x[0] - s.g2() * score[0]) / steps +
              std::sqrt(s.g2() / steps) * noise[static_cast<std::size_t>(k)];
    }
    Program const program = trace(sampler, *grid);
    EXPECT_EQ(program.evaluations(), steps);
    reference(
        program,
        [&](std::span<double const> in, NoiseLevel const& s, std::span<double> out) {
          mixture.at(s).denoised(in, out);
        },
        0, 0, y, noise);
    EXPECT_NEAR(y[0], x[0], 1e-11 * std::max(1.0, std::abs(x[0]))) << name;
  }
  EXPECT_THROW(
      (void)make_sampler("euler-maruyama:step=score-sde").own_grid(make_sde("edm"), 10, {}), Error);
}

}  // namespace
}  // namespace retrace::testing
