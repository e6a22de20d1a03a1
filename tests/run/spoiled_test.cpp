// SPDX-License-Identifier: Apache-2.0
#include <retrace/exact/moments.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/gaussian.hpp>
#include <retrace/targets/mixture_source.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <gtest/gtest.h>
#include <run/opaque.hpp>
#include <support/continuous.hpp>
#include <support/messages.hpp>
#include <support/mixtures.hpp>

#include <Eigen/Dense>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace retrace {
namespace {

using Isotropic = MixtureSource<CovarianceShape::isotropic>;

/// Every kind at every scale.
std::vector<std::string> error_texts(std::string const& size) {
  std::vector<std::string> texts;
  for (auto const& kind : score_error_kinds())
    for (char const* scale : {"relative", "absolute"})
      texts.push_back(kind.name + ":size=" + size + ",seed=3,scale=" + scale);
  return texts;
}

Grid some_grid(char const* sde = "vp") {
  return make_grid("log-snr", make_sde(sde), 12, {0.8, 0.1});
}

template <class T>
std::vector<T> values_of(Samples<T> const& run) {
  EXPECT_EQ(run.nonfinite, 0);
  return {run.x.data(), run.x.data() + run.x.size()};
}

template <class T>
std::vector<T> run(Executor<T>& executor, char const* sampler) {
  Grid const grid = some_grid();
  return values_of(sample(executor, gaussian_start<T>(1, 7), make_sampler(sampler), grid,
                          SampleOptions<T>{.samples = 133, .seed = 7}));
}

template <class T, int Dim>
void same_bits_however_run() {
  int const d = Dim > 0 ? Dim : 5;
  Isotropic const source(testing::scattered_mixture(d, 11));
  for (std::string const& text : error_texts("0.2")) {
    ScoreError const error = make_score_error(text);
    auto const model = spoiled(source, error);
    using Model = std::remove_const_t<decltype(model)>;
    for (char const* sampler : {"edm-heun:churn=10", "euler-maruyama"}) {
      SCOPED_TRACE(text + ", " + sampler);
      FusedExecutor<T, Model, Dim> usual(model);
      auto const expected = run<T>(usual, sampler);
      FusedExecutor<T, Model, Dim, simd::Scalar, 16> scalar(model);
      EXPECT_EQ(run<T>(scalar, sampler), expected) << "scalar lanes";
      FusedExecutor<T, Model, 0> run_time(model);
      EXPECT_EQ(run<T>(run_time, sampler), expected) << "run-time dimension";
      auto const batched = batched_executor<T>(
          AnyBatchModel<T>(spoiled(testing::Opaque<T, Isotropic>{source}, error, d), d));
      EXPECT_EQ(run<T>(*batched, sampler), expected) << "batched";
    }
  }
}

TEST(Spoiled, ModelsGiveTheSameBitsFusedAndBatched) {
  same_bits_however_run<float, 2>();
  same_bits_however_run<double, 1>();
  same_bits_however_run<float, 0>();
}

template <class T>
void neutral_at_size_zero(Mixture const& target) {
  SampleOptions<T> const options{.samples = 200, .seed = 5};
  for (char const* sampler : {"ddim", "dpmpp-2m", "pc-langevin", "edm-heun:churn=10"}) {
    auto const plain = values_of(sample<T>(target, make_sampler(sampler), some_grid(), options));
    auto const with = [&](std::string const& text) {
      return values_of(sample<T>(spoiled(target, make_score_error(text)), make_sampler(sampler),
                                 some_grid(), options));
    };
    for (std::string const& text : error_texts("0")) EXPECT_EQ(with(text), plain) << text;
    for (std::string const& text : error_texts("0.01")) EXPECT_NE(with(text), plain) << text;
  }
}

TEST(Spoiled, TargetsAreUnchangedByAnErrorOfSizeZero) {
  neutral_at_size_zero<float>(testing::scattered_mixture(2, 11));
  neutral_at_size_zero<double>(testing::scattered_mixture(2, 11));
  neutral_at_size_zero<float>(testing::correlated_mixture(3, 5));
  neutral_at_size_zero<float>(testing::correlated_mixture(5, 5));
}

/// The exact model of a mixture with any native prediction.
template <Prediction native>
struct Exact {
  static constexpr Prediction prediction = native;
  Mixture mixture;
  [[nodiscard]] int dimension() const { return mixture.dimension(); }
  void operator()(Batch<double const> x, NoiseLevel const& level, Batch<double> out) const {
    Affine const to_native = convert(Prediction::score, native, level);
    MixtureAtLevel const law = mixture.at(level);
    auto const d = static_cast<std::size_t>(dimension());
    std::vector<double> score(d);
    for (std::size_t i = 0; i < x.extent(0); ++i) {
      law.score(std::span(&x(i, 0), d), score);
      for (std::size_t c = 0; c < d; ++c)
        out(i, c) = to_native.skip * x(i, c) + to_native.out * score[c];
    }
  }
};

/// What a spoiled model predicts, turned back into a score, is off by the error itself.
template <Prediction native>
void error_comes_back(Sde const& sde, std::string const& text) {
  constexpr std::size_t n = 7, d = 3;
  Exact<native> const exact{testing::scattered_mixture(d, 5)};
  ScoreError const error = make_score_error(text);
  ScoreErrorField const field(error, d);
  auto model = spoiled(exact, error);
  for (double const part : {0.01, 0.3, 0.9}) {
    NoiseLevel const level = sde.at(part * sde.t_max());
    std::vector<double> x(n * d), found(n * d), e(d), score(d);
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = std::hypot(level.alpha(), level.sigma()) * std::sin(1.0 + 3.7 * double(i));
    model(Batch<double const>(x.data(), n, d), level, Batch<double>(found.data(), n, d));
    Affine const to_score = convert(native, Prediction::score, level);
    for (std::size_t i = 0; i < n; ++i) {
      std::span const row(&x[i * d], d);
      field.evaluate(row, level, e);
      exact.mixture.at(level).score(row, score);
      for (std::size_t c = 0; c < d; ++c) {
        double const off = to_score.skip * row[c] + to_score.out * found[i * d + c] - score[c];
        double const scale =
            std::abs(e[c]) + std::abs(score[c]) + std::abs(row[c] / level.sigma() / level.sigma());
        EXPECT_NEAR(off, e[c], 1e-12 * scale) << text << ", part " << part;
      }
    }
  }
}

TEST(Spoiled, ModelsOfEveryPredictionHaveTheErrorInTheirScore) {
  for (auto const& entry : testing::continuous_sdes()) {
    SCOPED_TRACE(entry.name);
    Sde const sde = make_sde(entry.name);
    for (std::string const& text : error_texts("0.5")) {
      error_comes_back<Prediction::noise>(sde, text);
      error_comes_back<Prediction::denoised>(sde, text);
      error_comes_back<Prediction::score>(sde, text);
      error_comes_back<Prediction::velocity>(sde, text);
      error_comes_back<Prediction::flow>(sde, text);
    }
  }
}

// ---- affine errors on Gaussian data: the law stays Gaussian and is known

using Matrix = Eigen::Matrix2d;
using Vector = Eigen::Vector2d;

constexpr Normal data{1, 0.64};  // of score's gaussian target, in both coordinates

struct Law {
  Vector mean = Vector::Zero();
  Matrix covariance = Matrix::Zero();
};

/// DDIM by hand: x' = alpha' x0 + sigma' epsilon, with epsilon off by -(shift + map y), hence x0 by
/// sigma / alpha times the opposite.
Law ddim_law(Grid const& grid, Vector const& shift, Matrix const& map) {
  NoiseLevel const first = grid.level(0);
  Law law;
  law.mean.setConstant(first.alpha() * data.mean);
  law.covariance = Matrix::Identity() *
                   (first.alpha() * first.alpha() * data.variance + first.sigma() * first.sigma());
  for (std::int64_t k = 0; k < grid.count(); ++k) {
    NoiseLevel const s = grid.level(k), t = grid.level(k + 1);
    double const a = s.alpha(), o = s.sigma(), v = a * a * data.variance + o * o;
    Matrix const noise = o / v * Matrix::Identity() - map / std::sqrt(a * a + o * o);
    Vector const constant = -o / v * a * Vector::Constant(data.mean) - shift;
    Matrix const step = t.alpha() / a * (Matrix::Identity() - o * noise) + t.sigma() * noise;
    law.mean = (step * law.mean + (t.sigma() - t.alpha() * o / a) * constant).eval();
    law.covariance = (step * law.covariance * step.transpose()).eval();
  }
  return law;
}

/// Largest |z| of the means and covariances of the samples. Level 1e-6 over 5 numbers: 5.2.
double deviation(Samples<float> const& run, Law const& law) {
  auto const n = static_cast<double>(run.x.extent(0));
  Matrix const root = law.covariance.llt().matrixL();
  Vector sum = Vector::Zero();
  Matrix second = Matrix::Zero();
  for (std::size_t i = 0; i < run.x.extent(0); ++i) {
    Vector v = Vector(double{run.x(i, 0)}, double{run.x(i, 1)}) - law.mean;
    v = root.triangularView<Eigen::Lower>().solve(v).eval();
    sum += v;
    second += v * v.transpose();
  }
  double worst = sum.cwiseAbs().maxCoeff() / std::sqrt(n);
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j <= i; ++j) {
      double const expected = i == j ? 1 : 0, spread = std::sqrt((i == j ? 2 : 1) / n);
      worst = std::max(worst, std::abs(second(i, j) / n - expected) / spread);
    }
  return worst;
}

TEST(Spoiled, DdimOfAffineErrorsHasTheLawOfItsRecursion) {
  constexpr double limit = 5.2;
  SampleOptions<float> const options{.samples = 200'000, .seed = 31};
  for (char const* sde : {"vp", "ve", "sub-vp"}) {
    Grid const grid = some_grid(sde);
    Law const exact = ddim_law(grid, Vector::Zero(), Matrix::Zero());
    Normal const known = moments(make_sampler("ddim"), grid, data, marginal(data, grid.level(0)));
    EXPECT_NEAR(exact.mean[0], known.mean, 1e-13);
    EXPECT_NEAR(exact.covariance(0, 0), known.variance, 1e-13);

    score_errors::bias const bias{.size = 0.2, .seed = 4};
    std::vector<double> const b = bias.terms(2).rows;  // phase, frequency, amplitude
    Law const shifted = ddim_law(grid, Vector(b[3], b[4]), Matrix::Zero());
    auto const biased = sample(spoiled(gaussian{}(), bias), make_sampler("ddim"), grid, options);
    EXPECT_LT(deviation(biased, shifted), limit) << sde;
    EXPECT_GT(deviation(biased, exact), limit) << sde;  // the control

    score_errors::low_rank const low_rank{.size = 0.2, .seed = 4};
    std::vector<double> const r = low_rank.terms(2).rows;
    Matrix const map = Vector(r[3], r[4]) * Vector(r[1], r[2]).transpose();
    Law const turned = ddim_law(grid, Vector::Zero(), map);
    auto const mapped =
        sample(spoiled(gaussian{}(), low_rank), make_sampler("ddim"), grid, options);
    EXPECT_LT(deviation(mapped, turned), limit) << sde;
    EXPECT_GT(deviation(mapped, exact), limit) << sde;
    EXPECT_GT(deviation(mapped, ddim_law(grid, Vector::Zero(), map.transpose())), limit) << sde;
  }
}

struct Guided {
  static constexpr Prediction prediction = Prediction::noise;
  void operator()(Batch<float const> x, NoiseLevel const&, int, Batch<float> out) const {
    Kokkos::deep_copy(out, x);
  }
};

TEST(Spoiled, ModelsMayTakeAConditionOrADimensionThatTheyDoNotSay) {
  score_errors::bias const error{.size = 0.5};
  auto const plain = values_of(
      sample(Guided{}, make_sampler("ddim"), some_grid("ve"), {.samples = 3, .dimension = 2}));
  auto const off = values_of(
      sample(spoiled(Guided{}, error, 2), make_sampler("ddim"), some_grid("ve"), {.samples = 3}));
  ASSERT_EQ(off.size(), plain.size());
  EXPECT_NE(off, plain);
}

TEST(Spoiled, ModelsAreRefusedWhereTheScoreDoesNotSayWhatTheyPredict) {
  Grid const grid = make_grid("uniform", make_sde("rectified-flow"), 4);
  auto const target = spoiled(gaussian{}(), score_errors::field{});
  std::string const message = testing::argument_error([&] {
    static_cast<void>(sample<float>(target, make_sampler("euler"), grid, {.samples = 1}));
  });
  EXPECT_TRUE(testing::contains(message, "t = 1 (alpha = 0)")) << message;
  EXPECT_TRUE(testing::contains(message, "--from")) << message;
  EXPECT_EQ(score_error_factors(ErrorScale::relative, Prediction::noise,
                                std::vector<NoiseLevel>{grid.level(0)}),
            std::vector<double>{-1});
}

}  // namespace
}  // namespace retrace
