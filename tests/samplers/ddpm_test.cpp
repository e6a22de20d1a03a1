// SPDX-License-Identifier: Apache-2.0

// Samplers on the discrete chain: against DDPM's and DDIM's formulas in alpha_bar and beta, by
// plain loops with given noise, and against the moments of the schemes.
#include <retrace/core/error.hpp>
#include <retrace/exact/moments.hpp>
#include <retrace/run/reference.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/ddpm.hpp>
#include <retrace/sde/posterior.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/sde/respacing.hpp>
#include <retrace/trace/cost.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>
#include <support/mixtures.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

using State = std::vector<double>;

constexpr std::int64_t dimension = 3;

State noise_of(std::int64_t draws) {
  State z;
  for (std::int64_t k = 0; k < draws * dimension; ++k)
    z.push_back(1.5 * std::sin(0.7 + 2.3 * static_cast<double>(k)));
  return z;
}

State sampled(std::string const& sampler, Grid const& grid, Mixture const& mixture, State x,
              State const& noise) {
  Program const program = trace(make_sampler(sampler), grid);
  reference(
      program,
      [&](std::span<double const> in, NoiseLevel const& s, std::span<double> out) {
        mixture.at(s).denoised(in, out);
      },
      0, 0, x, noise);
  return x;
}

/// The tables that a respaced DDPM would be run with, made of alpha_bar alone.
struct Tables {
  std::vector<double> alpha_bar, alpha_bar_prev, beta;
};

Tables tables_of(std::string const& schedule, std::vector<std::int64_t> const& indices) {
  std::vector<double> all;
  double product = 1;
  for (double const beta : betas_of(beta_schedule(schedule), 1000))
    all.push_back(product *= 1 - beta);
  Tables tables;
  double before = 1;
  for (std::int64_t const i : indices) {
    double const now = all[static_cast<std::size_t>(i)];
    tables.alpha_bar.push_back(now);
    tables.alpha_bar_prev.push_back(before);
    tables.beta.push_back(1 - now / before);
    before = now;
  }
  return tables;
}

/// E[x0 | x] at alpha_bar.
State denoised(Mixture const& mixture, State const& x, double alpha_bar) {
  State out(x.size());
  NoiseLevel const level(
      {.t = 0, .log_alpha = std::log(alpha_bar) / 2, .log_sigma = std::log1p(-alpha_bar) / 2});
  mixture.at(level).denoised(x, out);
  return out;
}

enum class Variance { small, large };

/// Ho et al. 2020, Algorithm 2 with eq. 7, x0 not clipped.
State ddpm_loop(Mixture const& mixture, Tables const& t, Variance variance, State x,
                State const& noise) {
  auto const n = t.alpha_bar.size();
  for (std::size_t i = n; i-- > 0;) {
    State const x0 = denoised(mixture, x, t.alpha_bar[i]);
    double const rest = 1 - t.alpha_bar[i];
    double const coef1 = t.beta[i] * std::sqrt(t.alpha_bar_prev[i]) / rest;
    double const coef2 = (1 - t.alpha_bar_prev[i]) * std::sqrt(1 - t.beta[i]) / rest;
    double const spread = variance == Variance::large
                              ? std::sqrt(t.beta[i])
                              : std::sqrt(t.beta[i] * (1 - t.alpha_bar_prev[i]) / rest);
    for (std::size_t c = 0; c < x.size(); ++c)
      x[c] =
          coef1 * x0[c] + coef2 * x[c] + (i == 0 ? 0 : spread * noise[(n - 1 - i) * x.size() + c]);
  }
  return x;
}

/// Song, Meng and Ermon 2021, eq. 12 and 16.
State ddim_loop(Mixture const& mixture, Tables const& t, double eta, State x, State const& noise) {
  auto const n = t.alpha_bar.size();
  for (std::size_t i = n; i-- > 0;) {
    State const x0 = denoised(mixture, x, t.alpha_bar[i]);
    double const u = eta * std::sqrt((1 - t.alpha_bar_prev[i]) / (1 - t.alpha_bar[i])) *
                     std::sqrt(1 - t.alpha_bar[i] / t.alpha_bar_prev[i]);
    for (std::size_t c = 0; c < x.size(); ++c) {
      double const epsilon =
          (x[c] - std::sqrt(t.alpha_bar[i]) * x0[c]) / std::sqrt(1 - t.alpha_bar[i]);
      x[c] = std::sqrt(t.alpha_bar_prev[i]) * x0[c] +
             std::sqrt(1 - t.alpha_bar_prev[i] - u * u) * epsilon +
             (i == 0 || eta == 0 ? 0 : u * noise[(n - 1 - i) * x.size() + c]);
    }
  }
  return x;
}

double difference(State const& a, State const& b) {
  double worst = 0;
  for (std::size_t c = 0; c < a.size(); ++c) {
    double const error = std::abs(a[c] - b[c]) / std::max(1.0, std::abs(b[c]));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

std::vector<std::int64_t> indices_of(Grid const& grid) {
  std::vector<std::int64_t> indices;
  for (std::int64_t k = grid.noisy_levels(); k-- > 0;)
    indices.push_back(static_cast<std::int64_t>(grid.time(k)));
  return indices;
}

/// N13, N15.
TEST(DdpmSamplers, AreThePapersLoopsWithGivenNoise) {
  Mixture const mixture = testing::correlated_mixture(dimension, 4);
  State const start{1.1, -0.6, 0.3};
  for (char const* schedule : {"linear", "cosine", "sigmoid"})
    for (char const* rule : {"leading", "trailing", "linspace", "respaced"}) {
      SCOPED_TRACE(std::string(schedule) + " " + rule);
      std::int64_t const steps = 20;
      Grid const grid = make_grid(rule, make_sde(std::string("ddpm:schedule=") + schedule), steps);
      Tables const tables = tables_of(schedule, indices_of(grid));
      State const noise = noise_of(steps - 1);
      auto const run = [&](std::string const& sampler) {
        return sampled(sampler, grid, mixture, start, noise);
      };
      State const small = ddpm_loop(mixture, tables, Variance::small, start, noise);
      State const large = ddpm_loop(mixture, tables, Variance::large, start, noise);
      EXPECT_LT(difference(run("ancestral"), small), 1e-9);
      EXPECT_LT(difference(run("ancestral:variance=large"), large), 1e-9);
      EXPECT_LT(difference(run("euler-ancestral"), small), 1e-9);
      for (double const eta : {0.0, 0.5, 1.0})
        EXPECT_LT(difference(run("ddim:eta=" + std::to_string(eta)),
                             ddim_loop(mixture, tables, eta, start, noise)),
                  1e-9);
      // The control: the other variance is found.
      EXPECT_GT(difference(run("ancestral"), large), 1e-4);
    }
}

TEST(DdpmSamplers, StepFromAlphaZero) {
  Mixture const mixture = testing::correlated_mixture(dimension, 2);
  Grid const grid = make_grid("trailing", make_sde("ddpm:zero_snr=yes"), 2);
  ASSERT_EQ(grid.level(0).alpha(), 0);
  NoiseLevel const t = grid.level(1);
  State const start{1.1, -0.6, 0.3}, noise = noise_of(1);
  // At alpha = 0 the state says nothing: x0 is the mean of the data.
  State mean(dimension, 0.0);
  for (std::size_t k = 0; k < mixture.weights().size(); ++k)
    for (std::size_t c = 0; c < dimension; ++c)
      mean[c] += mixture.weights()[k] * mixture.means()[k * dimension + c];
  State x(dimension), out(dimension);
  for (bool const large : {false, true}) {
    for (std::size_t c = 0; c < dimension; ++c)
      x[c] = t.alpha() * mean[c] + (large ? 1 : t.sigma()) * noise[c];
    mixture.at(t).denoised(x, out);
    char const* sampler = large ? "ancestral:variance=large" : "ancestral";
    EXPECT_LT(difference(sampled(sampler, grid, mixture, start, noise), out), 1e-12) << sampler;
  }
}

/// Notes on exact solutions: 50 respaced steps on N(1.2, 0.25).
TEST(DdpmSamplers, HaveTheMomentsOfTheirSchemes) {
  Normal const data{1.2, 0.25};
  Grid const grid = make_grid("respaced", make_sde("ddpm"), 50);
  Tables const t = tables_of("linear", evenly_spaced_indices(1000, 50));
  for (bool const large : {false, true}) {
    double mean = 0, variance = 1;
    for (std::size_t i = 50; i-- > 0;) {
      double const rest = 1 - t.alpha_bar[i], total = t.alpha_bar[i] * data.variance + rest;
      double const gain = std::sqrt(t.alpha_bar[i]) * data.variance / total;
      double const coef1 = t.beta[i] * std::sqrt(t.alpha_bar_prev[i]) / rest;
      double const coef2 = (1 - t.alpha_bar_prev[i]) * std::sqrt(1 - t.beta[i]) / rest;
      double const spread = large ? t.beta[i] : t.beta[i] * (1 - t.alpha_bar_prev[i]) / rest;
      double const slope = coef1 * gain + coef2;
      mean = slope * mean + coef1 * (data.mean - gain * std::sqrt(t.alpha_bar[i]) * data.mean);
      variance = slope * slope * variance + (i == 0 ? 0 : spread);
    }
    char const* sampler = large ? "ancestral:variance=large" : "ancestral";
    Normal const result = moments(make_sampler(sampler), grid, data, {0, 1});
    EXPECT_NEAR(result.mean, mean, 1e-10) << sampler;
    EXPECT_NEAR(result.variance, variance, 1e-10) << sampler;
    EXPECT_NEAR(result.variance, large ? 0.2679 : 0.1964, 5e-5) << sampler;
  }
}

/// For data N(0, 1) the reverse variance is beta exactly.
TEST(DdpmSamplers, KeepUnitGaussianDataWithTheLargeVariance) {
  Sde const sde = make_sde("ddpm:schedule=cosine,steps=100");
  Grid const grid(sde, {99, 70, 40, 20, 3});
  Normal const kept = moments(make_sampler("ancestral:variance=large"), grid, {0, 1}, {0, 1});
  EXPECT_NEAR(kept.variance, 1, 1e-12);
  EXPECT_LT(moments(make_sampler("ancestral"), grid, {0, 1}, {0, 1}).variance, 0.9);
}

TEST(DdpmSamplers, AreTracedFromVpsLevelsJustAsWell) {
  // A sampler sees levels, not processes: the same alpha and sigma make the same result.
  Normal const data{0.4, 0.3};
  Sde const sde = make_sde("ddpm");
  std::vector<double> const indices{999, 700, 400, 200, 50};
  std::vector<double> times;
  for (double const i : indices)
    times.push_back(make_sde("vp:beta_max=30").at_lambda(sde.at(i).lambda()).t());
  Grid const here(sde, indices), there(make_sde("vp:beta_max=30"), times);
  for (SamplerEntry const& entry : samplers()) {
    std::string const text = discrete_text(entry.name);
    if (!argument_error([&] { require_discrete(text); }).empty()) continue;
    if (text.starts_with("deis")) continue;  // interpolates in lambda on chains, in t elsewhere
    Normal const a = moments(make_sampler(text), here, data, {0.1, 1}),
                 b = moments(make_sampler(text), there, data, {0.1, 1});
    EXPECT_NEAR(a.mean, b.mean, 1e-10) << text;
    EXPECT_NEAR(a.variance, b.variance, 1e-10) << text;
  }
}

TEST(DdpmSamplers, AreRefusedByNameWhereTheyNeedMoreThanLevels) {
  for (char const* text : {"ddim", "ddim:eta=1", "ancestral", "ancestral:variance=large",
                           "euler-ancestral", "dpmpp-2m", "edm-heun"})
    EXPECT_EQ(argument_error([&] { require_discrete(text); }), "") << text;
  for (char const* text : {"euler-maruyama", "euler-maruyama:step=score-sde", "euler", "midpoint",
                           "heun", "rk4", "edm-heun:churn=4"}) {
    std::string const message = argument_error([&] { require_discrete(text); });
    EXPECT_TRUE(contains(message, "sampler '" + std::string(text) + "'") &&
                contains(message, "'ddpm'") && contains(message, "use one of") &&
                contains(message, "ddim") && !contains(message, "heun, midpoint"))
        << message;
  }
  EXPECT_TRUE(contains(argument_error([] {
                         (void)trace(make_sampler("ancestral:variance=large"),
                                     make_grid("uniform", make_sde("vp"), 5));
                       }),
                       "ddpm"));
}

TEST(DdpmSamplers, StartLowUnlessToldOtherwise) {
  for (SamplerEntry const& entry : samplers()) {
    bool const starts =
        std::any_of(entry.options.begin(), entry.options.end(),
                    [](OptionInfo const& option) { return option.name == "start"; });
    EXPECT_EQ(discrete_text(entry.name), entry.name + (starts ? ":start=low" : "")) << entry.name;
    if (!starts) continue;
    EXPECT_EQ(discrete_text(entry.name + ":start=full"), entry.name + ":start=full");
    EXPECT_EQ(argument_error([&] { require_discrete(discrete_text(entry.name)); }), "");
  }
  EXPECT_EQ(discrete_text("ddim:eta=1"), "ddim:eta=1");
}

TEST(DdpmSamplers, CountAsElsewhere) {
  Traits const traits = traced_traits(make_sampler("ancestral:variance=large"), Time::indices);
  EXPECT_EQ(traits.solver, Solver::stochastic);
  EXPECT_EQ(traits.evaluations_per_step, 1);
  EXPECT_EQ(recommended_grid(sampler_entry("dpmpp-2m").info, make_sde("ddpm")), "leading");
  Cost const counted = cost(make_sampler("edm-heun"), make_grid("leading", make_sde("ddpm"), 10));
  EXPECT_EQ(counted.evaluations, 19);
  EXPECT_EQ(counted.draws, 0);
}

}  // namespace
}  // namespace retrace
