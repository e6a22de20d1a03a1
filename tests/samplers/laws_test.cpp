// SPDX-License-Identifier: Apache-2.0

// Samples against known laws. Every check has level 1e-6 (two-sided z = 4.892) and a fixed seed; n
// is as large as power asks for. Gaussian data: the scheme's own exact moments, so that no
// discretisation error is in the comparison.
#include <retrace/exact/moments.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>

#include <Eigen/Dense>
#include <cmath>
#include <string>
#include <vector>

namespace retrace {
namespace {

constexpr double z_limit = 4.892;
constexpr std::int64_t samples = 400'000;
constexpr int d = 5;

/// gauss5: a Gaussian with a full covariance.
Gaussian gauss5() {
  Gaussian g{{0.7, -0.3, 0.1, 1.2, -0.8}, std::vector<double>(d * d)};
  for (int i = 0; i < d; ++i)
    for (int j = 0; j < d; ++j)
      g.covariance[static_cast<std::size_t>(i * d + j)] =
          0.3 * std::sin(1.0 + i) * std::sin(1.0 + j) +
          0.1 * std::cos(2.0 * i) * std::cos(2.0 * j) + (i == j ? 0.15 + 0.05 * i : 0);
  return g;
}

struct Deviation {
  double mean;        ///< n (x - mu)^T S^-1 (x - mu), chi^2 with d degrees of freedom
  double covariance;  ///< largest |z| of the entries of the whitened covariance
};

Deviation deviation(HostArray<float> const& x, Gaussian const& law) {
  using Matrix = Eigen::Matrix<double, d, d, Eigen::RowMajor>;
  using Vector = Eigen::Matrix<double, d, 1>;
  Matrix const root =
      Matrix(Eigen::Map<Matrix const>(law.covariance.data())).llt().matrixL().toDenseMatrix();
  auto const n = static_cast<std::int64_t>(x.extent(0));
  Vector sum = Vector::Zero();
  Matrix second = Matrix::Zero();
  for (std::int64_t i = 0; i < n; ++i) {
    Vector v;
    for (int c = 0; c < d; ++c) v[c] = double{x(i, c)} - law.mean[static_cast<std::size_t>(c)];
    v = root.triangularView<Eigen::Lower>().solve(v).eval();
    sum += v;
    second += v * v.transpose();
  }
  auto const count = static_cast<double>(n);
  Deviation result{sum.squaredNorm() / count, 0};
  for (int i = 0; i < d; ++i)
    for (int j = 0; j <= i; ++j) {
      double const expected = i == j ? 1 : 0, spread = std::sqrt((i == j ? 2.0 : 1.0) / count);
      result.covariance =
          std::max(result.covariance, std::abs(second(i, j) / count - expected) / spread);
    }
  return result;
}

// Upper 1e-6 quantiles: chi^2 with 5 degrees of freedom; |z| with Bonferroni over 15 entries.
constexpr double mean_limit = 35.89, covariance_limit = 5.40;

class Law : public ::testing::TestWithParam<std::string> {};

std::vector<std::string> texts() {
  std::vector<std::string> all;
  for (SamplerEntry const& entry : samplers()) all.push_back(entry.name);
  all.insert(all.end(), {"ddim:eta=0.5", "edm-heun:churn=20"});
  return all;
}

Mixture as_mixture(Gaussian const& g) { return Mixture::full({1.0}, g.mean, g.covariance); }

TEST_P(Law, OfSamplesIsThatOfTheScheme) {  // N16
  Gaussian const data = gauss5();
  for (char const* name : {"vp", "ve", "sub-vp"}) {
    Sde const sde = make_sde(name);
    Grid const grid = make_grid("log-snr", sde, 12, {0.8, 0.1});
    AnySampler const sampler = make_sampler(GetParam());
    // Without noise of its own a sampler only carries the start along: fewer samples tell.
    bool const draws = traced_traits(sampler).solver == Solver::stochastic;
    SampleOptions<float> options{.samples = draws ? samples : samples / 8, .seed = 20};
    auto const run = sample(as_mixture(data), sampler, grid, options);
    Gaussian const law = moments(sampler, grid, data, marginal(data, grid.level(0)));
    Deviation const found = deviation(run.x, law);
    EXPECT_LT(found.mean, mean_limit) << name;
    EXPECT_LT(found.covariance, covariance_limit) << name;
    // The control: 12 steps are few, and the test must see that this is not the exact law.
    if (GetParam() == "euler-maruyama") {
      Deviation const wrong = deviation(run.x, marginal(data, grid.level(12)));
      EXPECT_TRUE(wrong.mean > mean_limit || wrong.covariance > covariance_limit) << name;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Samplers, Law, ::testing::ValuesIn(texts()), [](auto const& test) {
  std::string name = test.param;
  for (char& c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  return name;
});

TEST(LawControl,
     SeesOneCounterUsedTwice) {  // planted fault 11: the same normal in two places of a step
  Gaussian const data = gauss5();
  Grid const grid = make_grid("log-snr", make_sde("vp"), 12, {0.8, 0.1});
  auto const two_draws = [](std::int32_t second) {
    return AnySampler([=](Recorder& model, Grid const& g, Vec x) {
      for (auto const [s, t, i] : g.steps()) {
        double const r = std::exp(2 * (s.lambda() - t.lambda())), half = std::sqrt((1 - r) / 2);
        x = r * (t.alpha() / s.alpha()) * x + t.alpha() * (1 - r) * model.denoised(x, s) +
            t.sigma() * half * (model.normal(s, t, 0) + model.normal(s, t, second));
      }
      return x;
    });
  };
  Gaussian const law = moments(two_draws(1), grid, data, marginal(data, grid.level(0)));
  SampleOptions<float> options{.samples = samples, .seed = 21};
  EXPECT_LT(deviation(sample(as_mixture(data), two_draws(1), grid, options).x, law).covariance,
            covariance_limit);
  EXPECT_GT(deviation(sample(as_mixture(data), two_draws(0), grid, options).x, law).covariance,
            10 * covariance_limit);
}

TEST(LawControl, SeesWhatATestOfSamplesMustSee) {
  Gaussian const data = gauss5();
  SampleOptions<float> options{.samples = samples, .seed = 22};
  Grid const grid = make_grid("log-snr", make_sde("vp"), 12, {0.8, 0.1});
  auto const run = sample(as_mixture(data), make_sampler("ancestral"), grid, options);
  Gaussian law = moments(make_sampler("ancestral"), grid, data, marginal(data, grid.level(0)));
  law.mean[2] += 0.02 * std::sqrt(law.covariance[12]);  // a fiftieth of a standard deviation
  EXPECT_GT(deviation(run.x, law).mean, mean_limit);
  law.mean[2] -= 0.02 * std::sqrt(law.covariance[12]);
  for (double& c : law.covariance) c *= 1.02;  // 1 % of scale
  EXPECT_GT(deviation(run.x, law).covariance, z_limit);
}

}  // namespace
}  // namespace retrace
