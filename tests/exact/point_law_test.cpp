// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/exact/moments.hpp>
#include <retrace/exact/point_law.hpp>
#include <retrace/run/reference.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace retrace {
namespace {

NormalMixture const mixture{{0.6, 0.4}, {{-0.6, 0.3}, {0.7, 0.2}}};

Span span_on(std::string const& sde) { return sde == "ve" ? Span{0.75, 0.4} : Span{0.5, 0.1}; }

TEST(PointLaw, HasTheExactMomentsOfEverySamplerOnGaussianData) {
  NormalMixture const one{{1}, {{0.7, 0.25}}};
  for (SamplerEntry const& entry : samplers()) {
    if (!entry.info.weak_order) continue;
    for (char const* sde : {"vp", "ve", "sub-vp"}) {
      AnySampler const sampler = make_sampler(entry.name);
      Grid const grid = make_grid("quadratic", make_sde(sde), 24, span_on(sde));
      Normal const exact =
          moments(sampler, grid, one.parts[0], marginal(one.parts[0], grid.level(0)));
      PointLaw const law = point_law(sampler, grid, one);
      EXPECT_NEAR(law.mean([](double) { return 1; }), 1, 1e-11) << entry.name;
      EXPECT_NEAR(law.mean([](double x) { return x; }), exact.mean, 1e-10) << entry.name;
      EXPECT_NEAR(law.mean([&](double x) { return (x - exact.mean) * (x - exact.mean); }),
                  exact.variance, 1e-9 * (1 + exact.variance))
          << entry.name << " on " << sde;
    }
  }
}

/// All combinations of seven points a draw and 160 starts, a run each: nothing is thinned. One draw
/// a step. Returns the means of cos(2 x) and sin(3 x).
std::array<double, 2> without_thinning(AnySampler const& sampler, Grid const& grid) {
  // Gauss and Hermite's rule of seven points (Abramowitz and Stegun, Table 25.10), for N(0, 1).
  constexpr std::array<double, 4> root{0, 0.816287882858965, 1.673551628767471, 2.651961356835233};
  constexpr std::array<double, 4> weight{0.8102646175568073, 0.4256072526101278,
                                         0.05451558281912703, 0.0009717812450995192};
  Program const program = trace(sampler, grid);
  std::vector<double> points, point_weights;
  for (int k = -3; k <= 3; ++k) {
    auto const at = static_cast<std::size_t>(std::abs(k));
    points.push_back((k < 0 ? -1 : 1) * std::sqrt(2.0) * root[at]);
    point_weights.push_back(weight[at] / std::sqrt(std::acos(-1.0)));
  }
  std::vector<double> x, weights, noise;
  NoiseLevel const s = grid.level(0);
  for (int i = -80; i < 80; ++i) {
    double const start = 0.1 * i;
    double density = 0;
    for (std::size_t k = 0; k < 2; ++k) {
      auto const [mean, variance] = marginal(mixture.parts[k], s);
      density += mixture.weights[k] / std::sqrt(2 * std::acos(-1.0) * variance) *
                 std::exp(-std::pow(start - mean, 2) / (2 * variance));
    }
    x.push_back(start);
    weights.push_back(0.1 * density);
  }
  std::vector<std::vector<double>> draws;
  for (std::int64_t draw = 0; draw < program.draws; ++draw) {
    std::size_t const n = x.size();
    std::vector<double> all_x, all_weights, own;
    std::vector<std::vector<double>> all_draws(draws.size());
    for (std::size_t k = 0; k < points.size(); ++k)
      for (std::size_t i = 0; i < n; ++i) {
        all_x.push_back(x[i]);
        all_weights.push_back(weights[i] * point_weights[k]);
        own.push_back(points[k]);
        for (std::size_t d = 0; d < draws.size(); ++d) all_draws[d].push_back(draws[d][i]);
      }
    x = all_x;
    weights = all_weights;
    draws = all_draws;
    draws.push_back(own);
  }
  for (auto const& draw : draws) noise.insert(noise.end(), draw.begin(), draw.end());
  reference(
      program,
      [](std::span<double const> in, NoiseLevel const& level, std::span<double> out) {
        for (std::size_t i = 0; i < in.size(); ++i) {
          double total = 0, sum = 0;
          for (std::size_t k = 0; k < 2; ++k) {
            auto const [mean, variance] = marginal(mixture.parts[k], level);
            double const density = mixture.weights[k] / std::sqrt(variance) *
                                   std::exp(-std::pow(in[i] - mean, 2) / (2 * variance));
            total += density;
            sum += density * (mixture.parts[k].mean + level.alpha() * mixture.parts[k].variance /
                                                          variance * (in[i] - mean));
          }
          out[i] = sum / total;
        }
      },
      0, 0, x, noise);
  std::array<double, 2> means{};
  for (std::size_t i = 0; i < x.size(); ++i) {
    means[0] += weights[i] * std::cos(2 * x[i]);
    means[1] += weights[i] * std::sin(3 * x[i]);
  }
  return means;
}

TEST(PointLaw, IsTheOneThatAllCombinationsOfDrawsMakeOnAMixture) {
  // Four steps as short as those of a certificate: multistep methods carry all their answers.
  Sde const sde = make_sde("vp");
  Grid const grid = make_grid("log-snr", sde, 4, {0.26, 0.25});
  for (char const* name :
       {"ancestral", "stochastic-heun", "dpmpp-2m-sde", "dpmpp-3m-sde", "sa-solver", "er-sde-3"}) {
    AnySampler const sampler = make_sampler(name);
    auto const all = without_thinning(sampler, grid);
    PointLaw const law = point_law(sampler, grid, mixture);
    EXPECT_LT(law.points.size(), 10'000U) << name;  // of 160 x 7^4
    EXPECT_NEAR(law.mean([](double x) { return std::cos(2 * x); }), all[0], 1e-8) << name;
    EXPECT_NEAR(law.mean([](double x) { return std::sin(3 * x); }), all[1], 1e-8) << name;
  }
}

TEST(PointLaw, OfARunWithoutStepsIsTheLawOfItsStart) {
  auto const nothing = [](Recorder&, Grid const&, Vec x) { return x; };
  for (char const* sde : {"vp", "ve"}) {
    Grid const grid = make_grid("log-snr", make_sde(sde), 2, span_on(sde));
    NormalMixture const start = marginal(mixture, grid.level(0));
    PointLaw law = point_law(AnySampler(nothing), grid, mixture);
    EXPECT_LT(weak_distance(law, start), 1e-11) << sde;
    for (double& x : law.points) x += 1e-6 * std::sqrt(moments(start).variance);
    EXPECT_GT(weak_distance(law, start), 1e-6) << sde;
  }
}

TEST(PointLaw, IsRefusedWhereAStepTakesTooManyDrawsAtOnce) {
  auto const one_by_one = [](Recorder& model, Grid const& grid, Vec x) {
    for (auto const [s, t, i] : grid.steps())
      for (int k = 0; k < 12; ++k) x = x + 0.1 * model.denoised(x, s) + model.normal(s, t, k);
    return x;
  };
  auto const at_once = [](Recorder& model, Grid const& grid, Vec x) {
    for (auto const [s, t, i] : grid.steps()) {
      Vec all;
      for (int k = 0; k < 12; ++k) all = all + model.normal(s, t, k);
      x = x + model.denoised(x + all, s) + all;
    }
    return x;
  };
  Grid const grid = make_grid("log-snr", make_sde("vp"), 2, span_on("vp"));
  EXPECT_NO_THROW((void)point_law(AnySampler(one_by_one), grid, mixture));
  EXPECT_THROW((void)point_law(AnySampler(at_once), grid, mixture), Error);
}

}  // namespace
}  // namespace retrace
