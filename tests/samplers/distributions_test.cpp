// SPDX-License-Identifier: Apache-2.0

// The law of samples on mixtures, where a scheme has no moments in closed form: grids so fine that
// its own error is a small part of a standard error, then the exact density (N26). Every check has
// level 1e-6 and a fixed seed. Few steps on Gaussian data: laws_test.cpp.
#include <retrace/metrics/frechet_distance.hpp>
#include <retrace/metrics/kolmogorov_smirnov.hpp>
#include <retrace/metrics/mean_log_density.hpp>
#include <retrace/metrics/mode_weights.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace retrace {
namespace {

/// p_t of a mixture, from the definition.
Mixture at_level(Mixture const& data, NoiseLevel const& s) {
  std::vector<double> const weights(data.weights().begin(), data.weights().end());
  std::vector<double> means(data.means().begin(), data.means().end()), covariances;
  for (double& m : means) m *= s.alpha();
  if (data.shape() == CovarianceShape::isotropic) {
    for (double const v : data.variances())
      covariances.push_back(s.alpha() * s.alpha() * v + s.sigma() * s.sigma());
    return Mixture::isotropic(weights, means, covariances);
  }
  auto const d = static_cast<std::size_t>(data.dimension());
  for (int k = 0; k < data.components(); ++k) {
    std::vector<double> const c = data.component_covariance(k);
    for (std::size_t i = 0; i < c.size(); ++i)
      covariances.push_back(s.alpha() * s.alpha() * c[i] +
                            (i % (d + 1) == 0 ? s.sigma() * s.sigma() : 0));
  }
  return Mixture::full(weights, means, covariances);
}

struct Case {
  Mixture data;
  std::int64_t samples;
};

/// In two dimensions, with touching components; a Gaussian in five; in fifty dimensions.
std::vector<Case> cases() {
  return {{testing::correlated_mixture(2, 3), 100'000},
          {testing::correlated_mixture(5, 1), 25'000},
          {testing::scattered_mixture(50, 3), 5'000}};
}

/// Which checks refuse the samples.
std::string refused_by(HostArray<float> const& x, Mixture const& law) {
  std::vector<double> const rows(x.data(), x.data() + x.size());
  std::string refused;
  if (!projected_kolmogorov_smirnov(rows, law, 16).passes()) refused += " KS";
  if (!mean_log_density(rows, law, 4 * static_cast<std::int64_t>(x.extent(0))).passes())
    refused += " log-density";
  if (!mode_weights(rows, law).largest.passes()) refused += " weights";
  if (!frechet_distance(rows, law).passes()) refused += " Frechet";
  return refused;
}

std::string refused(AnySampler const& sampler, int order, char const* sde_name, Case const& c) {
  Sde const sde = make_sde(sde_name);
  // First orders need so many steps that there are fewer samples.
  std::int64_t const steps = order == 1 ? 1200 : order < 4 ? 100 : 30;
  Grid const grid = make_grid("log-snr", sde, steps, {0.8, 0.1});
  SampleOptions<float> options{.samples = order > 1 ? c.samples : c.samples / 5, .seed = 31};
  options.start = exact_start<float>(c.data, grid.level(0), 32);
  return refused_by(sample(c.data, sampler, grid, options).x,
                    at_level(c.data, grid.level(grid.count())));
}

std::vector<std::string> names_of_samplers() {
  std::vector<std::string> names;
  for (SamplerEntry const& entry : samplers())
    if (entry.info.claims == Claims::orders) names.push_back(entry.name);
  return names;
}

class Distribution : public ::testing::TestWithParam<std::string> {};

TEST_P(Distribution, OfSamplesIsThatOfTheTarget) {
  SamplerInfo const info = sampler_entry(GetParam()).info;
  int const order = std::max(info.order.value_or(0), info.weak_order.value_or(0));
  for (char const* sde : {"vp", "ve"})
    for (Case const& c : cases())
      EXPECT_EQ(refused(make_sampler(GetParam()), order, sde, c), "")
          << sde << ' ' << c.data.dimension();
}

INSTANTIATE_TEST_SUITE_P(Samplers, Distribution, ::testing::ValuesIn(names_of_samplers()),
                         [](auto const& test) {
                           std::string name = test.param;
                           for (char& c : name)
                             if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
                           return name;
                         });

/// The control: a flow that is 3 % too slow, and noise that is 3 % too large.
TEST(DistributionControl, SeesASlowFlowAndLoudNoise) {
  auto const slow = [](Recorder& model, Grid const& grid, Vec x) {
    for (auto const [s, t, i] : grid.steps()) x = x + 0.97 * (t.t() - s.t()) * model.flow(x, s);
    return x;
  };
  auto const loud = [](Recorder& model, Grid const& grid, Vec x) {
    for (auto const [s, t, i] : grid.steps()) {
      double const h = s.t() - t.t(), f = s.f(), g2 = s.g2();
      x = x - h * (f * x - g2 * model.score(x, s)) + 1.03 * std::sqrt(h * g2) * model.normal(s, t);
    }
    return x;
  };
  for (Case const& c : cases()) {
    EXPECT_NE(refused(slow, 1, "vp", c), "") << c.data.dimension();
    EXPECT_NE(refused(loud, 1, "vp", c), "") << c.data.dimension();
  }
}

}  // namespace
}  // namespace retrace
