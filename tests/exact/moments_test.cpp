// SPDX-License-Identifier: Apache-2.0
#include <retrace/exact/moments.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/samplers/reverse_sde.hpp>
#include <retrace/sde/registry.hpp>

#include <exact/planted_samplers.hpp>
#include <gtest/gtest.h>
#include <support/continuous.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace retrace {
namespace {

constexpr Normal data{0.7, 0.25};

TEST(Gaussian, DistancesAgreeWithClosedFormsAndWithOneDimension) {
  EXPECT_DOUBLE_EQ(wasserstein2(Normal{0, 1}, Normal{3, 25}), 5);
  EXPECT_NEAR(kullback_leibler(Normal{1, 2}, Normal{0, 1}), 0.5 * (2 - 1 - std::log(2) + 1), 1e-15);
  // Commuting covariances: distances add over the common eigenvectors, here a rotation by 0.3.
  double const c = std::cos(0.3), s = std::sin(0.3);
  auto const rotated = [&](double m0, double m1, double v0, double v1) {
    return Gaussian{
        {c * m0 - s * m1, s * m0 + c * m1},
        {c * c * v0 + s * s * v1, c * s * (v0 - v1), c * s * (v0 - v1), s * s * v0 + c * c * v1}};
  };
  Gaussian const a = rotated(1, 2, 0.5, 3), b = rotated(-1, 0.5, 2, 0.1);
  EXPECT_NEAR(wasserstein2(a, b),
              std::hypot(wasserstein2(Normal{1, 0.5}, Normal{-1, 2}),
                         wasserstein2(Normal{2, 3}, Normal{0.5, 0.1})),
              1e-12);
  EXPECT_NEAR(kullback_leibler(a, b),
              kullback_leibler(Normal{1, 0.5}, Normal{-1, 2}) +
                  kullback_leibler(Normal{2, 3}, Normal{0.5, 0.1}),
              1e-12);
}

TEST(Gaussian, ExactReverseLawsComposeAndKeepTheMarginal) {
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(entry.name);
    double const from = 0.9 * sde.t_max();
    NoiseLevel const s = sde.at(from), m = sde.at(0.5 * from), t = sde.at(0.1 * from);
    for (auto const& law : {reverse_sde, flow_ode}) {
      Normal const kept = law(data, s, t, marginal(data, s));
      EXPECT_NEAR(kept.mean, marginal(data, t).mean, 1e-14) << entry.name;
      EXPECT_NEAR(kept.variance, marginal(data, t).variance, 1e-12 * kept.variance) << entry.name;
      Normal const other{1.3, 0.4};
      Normal const direct = law(data, s, t, other), steps = law(data, m, t, law(data, s, m, other));
      EXPECT_NEAR(direct.mean, steps.mean, 1e-12) << entry.name;
      EXPECT_NEAR(direct.variance, steps.variance, 1e-12) << entry.name;
    }
  }
}

/// The moment recursions of the schemes themselves, by hand, in the plainest form.
TEST(Moments, AreThoseOfEulerMaruyamasRecursion) {
  for (char const* name : {"vp", "ve", "sub-vp", "edm"}) {
    Sde const sde = make_sde(name);
    Grid const grid = make_grid("uniform", sde, 40, {0.8 * sde.t_max(), 0.01 * sde.t_max()});
    Normal law = marginal(data, grid.level(0));
    long double mean = law.mean, variance = law.variance;
    for (std::int64_t k = 0; k < 40; ++k) {
      NoiseLevel const s = grid.level(k);
      long double const h = s.t() - grid.level(k + 1).t(), v = marginal(data, s).variance;
      long double const a = 1 - h * s.f() - h * s.g2() / v;
      mean = a * mean + h * s.g2() * s.alpha() * data.mean / v;
      variance = a * a * variance + s.g2() * h;
    }
    Normal const result = moments(make_sampler("euler-maruyama"), grid, data, law);
    EXPECT_NEAR(result.mean, double(mean), 1e-12 * std::abs(double(mean))) << name;
    EXPECT_NEAR(result.variance, double(variance), 1e-12 * double(variance)) << name;
  }
}

TEST(Moments, OfOneAncestralStepAreThoseOfThePosterior) {
  // Ho et al. 2020: x' = c1 E[x0|x] + c2 x + sqrt(beta~) z, with the tables of a chain of two
  // levels.
  Sde const sde = make_sde("vp");
  NoiseLevel const s = sde.at(0.6), t = sde.at(0.4);
  double const ab = s.alpha() * s.alpha(), ab_before = t.alpha() * t.alpha();
  double const a = ab / ab_before, beta = 1 - a;
  double const c1 = std::sqrt(ab_before) * beta / (1 - ab),
               c2 = std::sqrt(a) * (1 - ab_before) / (1 - ab),
               small = beta * (1 - ab_before) / (1 - ab);
  Normal const start = marginal(data, s);
  double const slope = s.alpha() * data.variance / start.variance;
  double const denoised_mean = data.mean, total = c1 * slope + c2;
  Normal const result = moments(make_sampler("ancestral"), Grid(sde, {0.6, 0.4}), data, start);
  EXPECT_NEAR(result.mean, c1 * denoised_mean + c2 * start.mean, 1e-13);
  EXPECT_NEAR(result.variance, total * total * start.variance + small, 1e-13);
}

TEST(Moments, OfEulerAncestralAndOfEtaOneAreThoseOfAncestralSampling) {  // one scheme, three names
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(entry.name);
    Grid const grid = make_grid("log-snr", sde, 20, {0.99 * sde.t_max(), 0.01 * sde.t_max()});
    Normal const start{1.3, 0.4};
    Normal const expected = moments(make_sampler("ancestral"), grid, data, start);
    for (char const* name : {"euler-ancestral", "ddim:eta=1"}) {
      Normal const same = moments(make_sampler(name), grid, data, start);
      EXPECT_NEAR(same.mean, expected.mean, 1e-13) << name << " on " << entry.name;
      EXPECT_NEAR(same.variance, expected.variance, 1e-13) << name << " on " << entry.name;
    }
  }
}

/// x' = x - e / v (x - m) + sqrt(2 e) z has its fixed point at N(m, v / (1 - e / 2v)).
TEST(Moments, OfLangevinAtOneLevelEndInItsStationaryLaw) {
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(entry.name);
    double const t = 0.6 * sde.t_max();
    for (double const snr : {0.16, 0.4}) {
      NoiseLevel const s = sde.at(t);
      Normal const p = marginal(data, s);
      double const e = 2 * snr * snr * s.sigma() * s.sigma();
      AnySampler const sampler = make_sampler("langevin:steps=1000,snr=" + std::to_string(snr));
      Normal const law = moments(sampler, Grid(sde, {t, 0.1 * t}), data, Normal{1.3, 0.4});
      EXPECT_NEAR(law.mean, p.mean, 1e-12) << entry.name;
      EXPECT_NEAR(law.variance, p.variance / (1 - e / (2 * p.variance)), 1e-12 * p.variance)
          << entry.name;
    }
  }
}

TEST(Moments, DoNotDependOnWhatTheModelPredictsOrOnSegments) {
  Sde const sde = make_sde("sub-vp");
  Grid const grid = make_grid("karras:final=eps", sde, 30, {1.0, 1e-3});
  Normal const start = marginal(data, grid.level(0));
  for (SamplerEntry const& entry : samplers()) {
    AnySampler const sampler = make_sampler(entry.name);
    Normal const expected = moments(sampler, grid, data, start);
    for (Prediction const native :
         {Prediction::noise, Prediction::score, Prediction::velocity, Prediction::flow}) {
      Normal const result = moments(sampler, grid, data, start, native);
      EXPECT_NEAR(result.mean, expected.mean, 1e-11) << entry.name;
      EXPECT_NEAR(result.variance, expected.variance, 1e-11) << entry.name;
    }
    Moments segmented(data, start);
    auto const run = [&](Program const& p) { segmented.run(p); };
    run(trace(sampler, grid, Prediction::denoised, LastNoise::keep, {4, run}));
    EXPECT_NEAR(segmented.result().mean, expected.mean, 1e-15) << entry.name;
    EXPECT_NEAR(segmented.result().variance, expected.variance, 1e-15) << entry.name;
  }
}

TEST(Moments, InManyDimensionsAreThoseOfEachEigenvector) {
  Sde const sde = make_sde("vp");
  Grid const grid = make_grid("log-snr", sde, 12, {1.0, 1e-3});
  Gaussian const correlated{{0.7, -0.2}, {0.5, 0.2, 0.2, 0.3}};
  Gaussian const result =
      moments(make_sampler("dpmpp-2m"), grid, correlated, marginal(correlated, grid.level(0)));
  // Along u the result is the one-dimensional scheme on N(u.m, u.C u), u an eigenvector.
  double const angle = 0.5 * std::atan2(2 * 0.2, 0.5 - 0.3), c = std::cos(angle),
               s = std::sin(angle);
  Normal const along{c * 0.7 - s * 0.2, c * c * 0.5 + 2 * c * s * 0.2 + s * s * 0.3};
  Normal const law = moments(make_sampler("dpmpp-2m"), grid, along, marginal(along, grid.level(0)));
  EXPECT_NEAR(c * result.mean[0] + s * result.mean[1], law.mean, 1e-12);
  EXPECT_NEAR(c * c * result.covariance[0] + 2 * c * s * result.covariance[1] +
                  s * s * result.covariance[3],
              law.variance, 1e-12);
}

/// W2 between the scheme and the exact law at t_min, which for a start from the exact p_T is p
/// itself.
double error(AnySampler const& sampler, Grid const& grid) {
  Normal const result = moments(sampler, grid, data, marginal(data, grid.level(0)));
  return wasserstein2(result, marginal(data, grid.level(grid.count())));
}

/// Numbers of steps between which errors are of the order and above rounding. Embedded pairs
/// reach rounding soon: theirs are far apart.
struct Refinement {
  std::int64_t coarse = 512, fine = 1024;
};
Refinement refinement(SamplerInfo const& info) {
  if (info.stepping == Stepping::grid || info.order.value_or(0) < 5) return {};
  if (*info.order < 8) return {16, 256};
  return {16, 32};
}

double measured_order(AnySampler const& sampler, char const* rule, char const* sde_name,
                      Refinement const& steps = {}) {
  Sde const sde = make_sde(sde_name);
  auto const at = [&](std::int64_t n) {
    return error(sampler,
                 make_grid(rule, sde, n, {sde.t_max(), sde.default_end(Solver::stochastic)}));
  };
  return std::log2(at(steps.coarse) / at(steps.fine)) /
         std::log2(static_cast<double>(steps.fine) / static_cast<double>(steps.coarse));
}

TEST(Moments, ShowTheClaimedOrderOfEverySampler) {  // N17; nonlinear conditions: tests/samplers
  for (SamplerEntry const& entry : samplers()) {
    if (entry.info.claims == Claims::nothing) continue;
    int const claimed = entry.info.order ? *entry.info.order : entry.info.weak_order.value_or(0);
    if (claimed > 5) continue;  // reaches rounding before it settles: certificates_test.cpp
    for (char const* sde : {"vp", "ve", "sub-vp"})
      EXPECT_GE(measured_order(make_sampler(entry.name), "log-snr", sde, refinement(entry.info)),
                claimed - 0.1)
          << entry.name << " on " << sde;
  }
  EXPECT_NEAR(measured_order(make_sampler("ddim:eta=0.5"), "log-snr", "vp"), 1, 0.1);
  EXPECT_NEAR(measured_order(make_sampler("edm-heun:churn=40"), "log-snr", "vp"), 2, 0.1);
}

/// Why they claim nothing: what they tend to is not the exact law.
TEST(Moments, OfCorrectorsTendToALawWithTheBiasOfTheirStep) {
  for (char const* sde_name : {"vp", "ve", "sub-vp"}) {
    Sde const sde = make_sde(sde_name);
    Grid const grid = make_grid("uniform", sde, 1 << 14, {0.55, 0.5});
    NoiseLevel const end = sde.at(0.5);
    Normal const exact = marginal(data, end);
    double const e = 2 * std::pow(0.16 * end.sigma(), 2);
    double const bias =
        std::sqrt(exact.variance) * (std::sqrt(1 / (1 - e / (2 * exact.variance))) - 1);
    for (char const* name : {"langevin", "pc-langevin"})
      EXPECT_NEAR(error(make_sampler(name), grid), bias, 0.05 * bias) << name << " on " << sde_name;
    EXPECT_LT(error(make_sampler("reverse-diffusion"), grid), 0.05 * bias) << sde_name;
  }
}

TEST(Moments, FindPlantedFaults) {
  // Euler's slope where Heun takes the mean of two: the order falls to 1.
  auto const half_heun = [](Recorder& model, Grid const& grid, Vec x) {
    for (auto const [s, t, i] : grid.steps())
      x = t.alpha() / s.alpha() * x +
          t.alpha() * (t.rho() - s.rho()) / s.rho() * (x / s.alpha() - model.denoised(x, s));
    return x;
  };
  EXPECT_LT(measured_order(AnySampler(half_heun), "log-snr", "vp"), 1.1);
  // Half of the noise variance forgotten: does not converge at all.
  auto const little_noise = [](Recorder& model, Grid const& grid, Vec x) {
    for (auto const [s, t, i] : grid.steps()) {
      double const dt = s.t() - t.t();
      x = x - dt * (s.f() * x - s.g2() * model.score(x, s)) +
          std::sqrt(s.g2() * dt / 2) * model.normal(s, t);
    }
    return x;
  };
  EXPECT_LT(measured_order(AnySampler(little_noise), "log-snr", "vp"), 0.5);
}

TEST(Moments, FindTheNoiseOfTheWrongPlace) {
  for (char const* sde : {"vp", "ve", "sub-vp"}) {
    EXPECT_NEAR(measured_order(AnySampler(testing::own_noise_stages), "log-snr", sde), 1, 0.1)
        << sde;
    EXPECT_NEAR(measured_order(AnySampler(testing::early_noise_heun), "log-snr", sde), 1, 0.1)
        << sde;
  }
}

TEST(Moments, OfDeterministicSettingsAreThoseOfTheirOdeMethod) {
  for (char const* sde_name : {"vp", "ve", "sub-vp"}) {
    Sde const sde = make_sde(sde_name);
    Grid const grid = make_grid("karras:final=eps", sde, 20, {sde.t_max(), 1e-3});
    Normal const start = marginal(data, grid.level(0));
    Normal const expected = moments(make_sampler("dpmpp-2m"), grid, data, start);
    Normal const same = moments(make_sampler("dpmpp-2m-sde:eta=0"), grid, data, start);
    EXPECT_NEAR(same.mean, expected.mean, 1e-13) << sde_name;
    EXPECT_NEAR(same.variance, expected.variance, 1e-13) << sde_name;
    for (char const* name : {"dpmpp-sde:eta=0", "dpmpp-2m-sde:eta=0,type=heun",
                             "dpmpp-3m-sde:eta=0", "sa-solver:tau=0"}) {
      EXPECT_EQ(traced_traits(make_sampler(name)).solver, Solver::deterministic) << name;
      EXPECT_GT(measured_order(make_sampler(name), "karras:final=eps", sde_name), 1.9) << name;
    }
  }
}

/// One step of order 1 of each family is ancestral sampling: one formula, four writings.
TEST(Moments, OfTheFirstOrdersAreThoseOfAncestralSampling) {
  for (char const* sde_name : {"vp", "ve", "sub-vp"}) {
    Sde const sde = make_sde(sde_name);
    Grid const grid = make_grid("log-snr", sde, 1, {0.5, 0.3});
    Normal const start{0.3, 0.8};
    Normal const expected = moments(make_sampler("ancestral"), grid, data, start);
    for (char const* name : {"dpmpp-2m-sde", "dpmpp-3m-sde", "sa-solver"}) {
      Normal const same = moments(make_sampler(name), grid, data, start);
      EXPECT_NEAR(same.mean, expected.mean, 1e-13) << name << " on " << sde_name;
      EXPECT_NEAR(same.variance, expected.variance, 1e-13) << name << " on " << sde_name;
    }
  }
}

TEST(Moments, ShowThatOptionsKeepTheWeakOrder) {
  for (char const* sde : {"vp", "ve", "sub-vp"})
    for (char const* name :
         {"dpmpp-sde:eta=0.5", "dpmpp-2m-sde:type=heun", "dpmpp-2m-sde:eta=0.3", "seeds-2:r=0.3",
          "sa-solver:tau=0.5", "sa-solver:corrector=0", "sa-solver:predictor=2,corrector=2",
          "restart:repeats=5", "restart:rho_min=0.2,rho_max=2"})
      EXPECT_GE(measured_order(make_sampler(name), "log-snr", sde), 1.9) << name << " on " << sde;
}

}  // namespace
}  // namespace retrace
