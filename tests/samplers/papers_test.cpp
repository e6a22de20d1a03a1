// SPDX-License-Identifier: Apache-2.0

// Samplers against their papers' formulas, written here a second time for one number, with given
// noise (N13, N15), and against exact solutions on a mixture, where nonlinear order conditions show
// (N11).
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

namespace retrace {
namespace {

using State = std::vector<double>;
/// E[x0 | x] by the host's mixture, which shares nothing with the kernels.
using Denoiser = std::function<State(State const&, NoiseLevel const&)>;

Denoiser denoiser_of(Mixture const& mixture) {
  return [=](State const& x, NoiseLevel const& s) {
    State out(x.size());
    mixture.at(s).denoised(x, out);
    return out;
  };
}

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

State combine(std::vector<std::pair<double, State>> const& terms) {
  State sum(terms[0].second.size(), 0.0);
  for (auto const& [factor, v] : terms)
    for (std::size_t i = 0; i < v.size(); ++i) sum[i] += factor * v[i];
  return sum;
}

State epsilon(State const& x, NoiseLevel const& s, State const& x0) {
  return combine({{1 / s.sigma(), x}, {-s.alpha() / s.sigma(), x0}});
}

State score(State const& x, NoiseLevel const& s, Denoiser const& d) {
  return combine({{-1 / s.sigma(), epsilon(x, s, d(x, s))}});
}

/// dx/dt of the probability-flow ODE, as Song et al. 2021 print it.
State drift(State const& x, NoiseLevel const& s, Denoiser const& d) {
  return combine({{s.f(), x}, {-s.g2() / 2, score(x, s, d)}});
}

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
  Mixture const mixture = testing::correlated_mixture(d, 3);
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

TEST(Samplers, DpmSolverPlusPlus2MIsAlgorithm2) {
  Mixture const mixture = testing::correlated_mixture(2, 3);
  Grid const grid = make_grid("quadratic", make_sde("vp"), 12, {0.95, 2e-3});
  auto const denoise = denoiser_of(mixture);
  State x{0.4, -1.1}, before;
  double h_before = 0;
  for (std::int64_t k = 0; k < 12;
       ++k) {  // r_i = h_{i-1} / h_i; D = (1 + 1/2r) x0_i - 1/2r x0_{i-1}
    NoiseLevel const s = grid.level(k), t = grid.level(k + 1);
    double const h = t.lambda() - s.lambda();
    State const x0 = denoise(x, s);
    double const extra = before.empty() ? 0 : 1 / (2 * h_before / h);
    State const middle = before.empty() ? x0 : combine({{1 + extra, x0}, {-extra, before}});
    x = combine({{t.sigma() / s.sigma(), x}, {-t.alpha() * (std::exp(-h) - 1), middle}});
    before = x0;
    h_before = h;
  }
  State y{0.4, -1.1};
  reference(
      trace(make_sampler("dpmpp-2m"), grid),
      [&](std::span<double const> in, NoiseLevel const& s, std::span<double> out) {
        mixture.at(s).denoised(in, out);
      },
      0, 0, y);
  EXPECT_NEAR(y[0], x[0], 1e-12);
  EXPECT_NEAR(y[1], x[1], 1e-12);
}

TEST(Samplers, ScoreSdesEulerMaruyamaStepsByOneNth) {
  constexpr std::int64_t steps = 10;
  Mixture const mixture = testing::scattered_mixture(1, 3);
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

/// Where a sampler takes four points on log-snr grids.
std::vector<State> nonlinear_ends(std::string const& sampler, char const* sde_name,
                                  std::int64_t steps) {
  Mixture const mixture = testing::correlated_mixture(2, 3);
  Sde const sde = make_sde(sde_name);
  Span const span{sde.t_max(), sde.default_end(Solver::stochastic)};
  Program const program = trace(make_sampler(sampler), make_grid("log-snr", sde, steps, span));
  std::vector<State> ends;
  for (int i = 0; i < 4; ++i) {
    double const scale = sde.prior_sigma();
    State x{scale * std::sin(1.0 + 2 * i), scale * std::cos(3.0 * i)};
    reference(
        program,
        [&](std::span<double const> in, NoiseLevel const& s, std::span<double> out) {
          mixture.at(s).denoised(in, out);
        },
        0, 0, x);
    ends.push_back(x);
  }
  return ends;
}

double distance(std::vector<State> const& a, std::vector<State> const& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum = std::hypot(sum, std::hypot(a[i][0] - b[i][0], a[i][1] - b[i][1]));
  return sum;
}

TEST(Samplers, ReachTheirClaimedOrderOnAMixture) {
  for (char const* sde : {"vp", "ve", "sub-vp"}) {
    // What the exact flow makes of the points, to a thousandth of the smallest error below. A
    // method of another family finds the same, so the limit is not rk4's alone.
    auto const exact = nonlinear_ends("rk4", sde, 1 << 12);
    EXPECT_LT(distance(nonlinear_ends("dpmpp-2m", sde, 1 << 13), exact), 1e-5) << sde;
    for (SamplerEntry const& entry : samplers()) {
      if (!entry.info.order) continue;
      double const coarse = distance(nonlinear_ends(entry.name, sde, 256), exact),
                   fine = distance(nonlinear_ends(entry.name, sde, 512), exact);
      EXPECT_NEAR(std::log2(coarse / fine), *entry.info.order, 0.12) << entry.name << " on " << sde;
    }
  }
}

TEST(Samplers, CountTheirEvaluations) {  // N12
  struct Case {
    char const *sampler, *sde, *grid;
    std::int64_t steps, evaluations, draws;
  };
  for (Case const& c : {Case{"euler-maruyama", "vp", "uniform", 20, 20, 20},
                        Case{"euler-maruyama", "vp", "uniform:final=zero", 20, 20, 19},
                        Case{"ancestral", "vp", "log-snr", 20, 20, 20},
                        Case{"ddim", "vp", "karras", 20, 20, 0},
                        Case{"ddim:eta=1", "vp", "karras", 20, 20, 19},
                        Case{"edm-heun", "edm", "edm", 18, 35, 0},
                        Case{"edm-heun:churn=40", "edm", "edm", 18, 35, 17},
                        Case{"edm-heun", "ve", "log-snr", 18, 36, 0},
                        Case{"dpmpp-2m", "cosine", "karras", 20, 20, 0},
                        Case{"dpmpp-2m", "vp", "karras", 1, 1, 0},
                        Case{"euler", "vp", "uniform", 20, 20, 0},
                        Case{"midpoint", "vp", "uniform", 20, 40, 0},
                        Case{"heun", "edm", "edm", 18, 35, 0},
                        Case{"rk4", "ve", "uniform", 20, 80, 0},
                        Case{"reverse-diffusion", "vp", "uniform:final=zero", 20, 20, 19},
                        Case{"euler-ancestral", "edm", "edm", 20, 20, 19},
                        Case{"langevin", "vp", "log-snr", 20, 20, 20},
                        Case{"langevin:steps=3", "sub-vp", "log-snr", 20, 60, 60},
                        Case{"langevin:steps=3", "edm", "edm", 20, 58, 57},
                        Case{"pc-langevin", "vp", "uniform", 20, 40, 40}}) {
    Cost const counted = cost(make_sampler(c.sampler), make_grid(c.grid, make_sde(c.sde), c.steps));
    EXPECT_EQ(counted.evaluations, c.evaluations) << c.sampler << ' ' << c.grid;
    EXPECT_EQ(counted.draws, c.draws) << c.sampler << ' ' << c.grid;
  }
}

TEST(Registry, EverySamplerSaysWhatTheToolNeeds) {
  for (SamplerEntry const& entry : samplers()) {
    EXPECT_EQ(entry.name, entry.info.name);
    EXPECT_FALSE(entry.summary.empty());
    EXPECT_FALSE(entry.paper.empty());
    Traits const traits = traced_traits(make_sampler(entry.name));
    EXPECT_GE(traits.evaluations_per_step, 1) << entry.name;
    if (traits.solver == Solver::deterministic) {
      EXPECT_TRUE(entry.info.order.has_value()) << entry.name;
    } else {
      bool const claims = entry.info.claims == Claims::orders;
      EXPECT_EQ(entry.info.weak_order.has_value(), claims) << entry.name;
      EXPECT_EQ(entry.info.strong_order.has_value(), claims) << entry.name;
    }
    for (auto const& sde : testing::continuous_sdes()) {
      std::string const rule = recommended_grid(entry.info, make_sde(sde.name));
      double const from = sde.name == "rectified-flow" ? 0.99 : make_sde(sde.name).t_max();
      Grid const grid = make_grid(rule, make_sde(sde.name), 5, {.from = from, .to = {}});
      EXPECT_GE(cost(make_sampler(entry.name), grid).evaluations, 5) << entry.name << sde.name;
    }
  }
  EXPECT_EQ(traced_traits(make_sampler("edm-heun")).solver, Solver::deterministic);
  EXPECT_EQ(traced_traits(make_sampler("edm-heun:churn=1")).solver, Solver::stochastic);
  EXPECT_EQ(traced_traits(make_sampler("edm-heun")).evaluations_per_step, 2);
}

TEST(Registry, HoldsOnlyCorrectorsThatClaimNothing) {
  std::vector<std::string> nothing;
  for (SamplerEntry const& entry : samplers())
    if (entry.info.claims == Claims::nothing) nothing.push_back(entry.name);
  EXPECT_EQ(nothing, (std::vector<std::string>{"langevin", "pc-langevin"}));
}

TEST(Registry, SuggestsTheNearestName) {
  try {
    (void)make_sampler("dppm-2m");
    FAIL();
  } catch (Error const& e) {
    EXPECT_NE(std::string(e.what()).find("did you mean 'dpmpp-2m'?"), std::string::npos);
  }
  EXPECT_THROW((void)make_sampler("ddim:eta=-1"), Error);
  EXPECT_THROW((void)make_sampler("ddim:eta=nan"), Error);
  EXPECT_THROW((void)make_sampler("ddim:beta=1"), Error);
  for (char const* wrong : {"langevin:steps=0", "langevin:steps=1001", "langevin:steps=1.5",
                            "langevin:snr=0", "pc-langevin:snr=-1", "pc-langevin:predictor=euler"})
    EXPECT_THROW((void)make_sampler(wrong), Error) << wrong;
}

}  // namespace
}  // namespace retrace
