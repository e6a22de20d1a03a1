// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/models/score_errors.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <cstddef>
#include <numbers>
#include <random>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (auto const& entry : score_error_kinds()) names.push_back(entry.name);
  return names;
}

NoiseLevel some_level() { return make_sde("vp").at(0.4); }

std::vector<double> normals(std::mt19937_64& engine, int d, double spread = 1) {
  std::normal_distribution<double> draw(0, spread);
  std::vector<double> x(static_cast<std::size_t>(d));
  for (double& value : x) value = draw(engine);
  return x;
}

std::vector<double> error_at(ScoreErrorField const& field, std::vector<double> const& x,
                             NoiseLevel const& level) {
  std::vector<double> e(x.size());
  field.evaluate(x, level, e);
  return e;
}

/// e(y), which is the error of the score in units of its own scale.
std::vector<double> error_of_y(ScoreErrorField const& field, std::vector<double> const& y) {
  NoiseLevel const level = make_sde("edm").at(1);  // alpha = sigma = 1
  std::vector<double> x = y;
  for (double& value : x) value *= std::numbers::sqrt2;
  return error_at(field, x, level);
}

TEST(ScoreError, OfBiasHasItsSizeEverywhere) {
  std::mt19937_64 engine(1);
  for (int const d : {1, 2, 3, 17}) {
    ScoreErrorField const field(score_errors::bias{.size = 0.3, .seed = 5}, d);
    std::vector<double> const e = error_of_y(field, normals(engine, d));
    double square = 0;
    for (double const value : e) square += value * value;
    EXPECT_NEAR(square, 0.09 * d, 1e-14 * d);
    EXPECT_EQ(error_of_y(field, normals(engine, d, 100)), e);
  }
}

/// Far beyond its length a field runs through all its phases: each component has the mean square
/// size^2 there. n points a long way apart; the squares of a component have a standard deviation of
/// at most sqrt(2) size^2 where the field is Gaussian, and less with few waves. Level 1e-6 over 6
/// checks: |z| < 5.2.
TEST(ScoreError, OfFieldHasItsSizeInTheMeanOverSpace) {
  constexpr int n = 200'000;
  std::mt19937_64 engine(2);
  for (int const d : {1, 3}) {
    for (std::int64_t const features : {1, 4, 32}) {
      ScoreErrorField const field(
          score_errors::field{.size = 0.3, .length = 0.5, .features = features, .seed = 9}, d);
      std::vector<double> square(static_cast<std::size_t>(d));
      for (int i = 0; i < n; ++i) {
        std::vector<double> const e = error_of_y(field, normals(engine, d, 1e5));
        for (std::size_t c = 0; c < e.size(); ++c) square[c] += e[c] * e[c] / n;
      }
      double const limit = 5.2 * std::numbers::sqrt2 * 0.09 / std::sqrt(n);
      for (double const value : square) {
        EXPECT_NEAR(value, 0.09, limit) << d << ", " << features;
        EXPECT_GT(std::abs(value - 1.02 * 1.02 * 0.09), limit);  // the control: 2 % of size
      }
    }
  }
}

/// The covariance of the field over seeds is the kernel's. 4000 seeds: the product of two values
/// has a standard deviation of at most sqrt(2) size^2 (and a little over it with finite features).
TEST(ScoreError, OfFieldIsCorrelatedOverItsLength) {
  constexpr int seeds = 4000;
  constexpr double limit = 4.892 * 1.5 / 63.2;
  std::vector<double> const a{0.2, -0.7};
  for (double const length : {0.5, 2.0}) {
    for (double const apart : {0.0, 0.6, 1.5}) {
      double product = 0, across = 0;
      for (int seed = 0; seed < seeds; ++seed) {
        ScoreErrorField const field(score_errors::field{.size = 1, .length = length, .seed = seed},
                                    2);
        auto const e = error_of_y(field, a), f = error_of_y(field, {0.2 + apart, -0.7});
        product += e[0] * f[0] / seeds;
        across += e[0] * f[1] / seeds;
      }
      double const kernel = std::exp(-apart * apart / (2 * length * length));
      EXPECT_NEAR(product, kernel, limit) << length << ", " << apart;
      EXPECT_NEAR(across, 0, limit);
      double const wrong = std::exp(-apart * apart / (2 * length));
      if (std::abs(wrong - kernel) > 2 * limit) {
        EXPECT_GT(std::abs(product - wrong), limit);
      }
    }
  }
}

/// E|e|^2 = size^2 d for y of unit covariance, from the matrix itself.
TEST(ScoreError, OfLowRankIsAMapOfThatRankWithEqualSingularValues) {
  constexpr int d = 6, rank = 2;
  ScoreErrorField const field(score_errors::low_rank{.size = 0.3, .rank = rank, .seed = 3}, d);
  std::vector<std::vector<double>> columns;
  for (std::size_t i = 0; i < d; ++i) {
    std::vector<double> unit(d);
    unit[i] = 1;
    columns.push_back(error_of_y(field, unit));
  }
  // A A^T = s^2 P with P a projection of that rank: its trace says the rank, P P = P the rest.
  auto const product = [&](std::size_t a, std::size_t b) {
    double sum = 0;
    for (auto const& column : columns) sum += column[a] * column[b];
    return sum / (0.09 * d / rank);
  };
  double trace = 0;
  for (std::size_t a = 0; a < d; ++a) {
    trace += product(a, a);
    for (std::size_t b = 0; b < d; ++b) {
      double square = 0;
      for (std::size_t c = 0; c < d; ++c) square += product(a, c) * product(c, b);
      EXPECT_NEAR(square, product(a, b), 1e-14);
    }
  }
  EXPECT_NEAR(trace, rank, 1e-13);
}

TEST(ScoreError, HasTheDivergenceThatFiniteDifferencesFind) {
  std::mt19937_64 engine(4);
  for (std::string const& name : kind_names()) {
    for (int const d : {1, 2, 5}) {
      for (char const* scale : {"relative", "absolute"}) {
        ScoreErrorField const field(
            make_score_error(name + ":size=0.7,seed=11,scale=" + std::string(scale)), d);
        std::vector<double> const x = normals(engine, d);
        std::vector<double> e(x.size());
        double const divergence = field.evaluate(x, some_level(), e);
        double found = 0;
        constexpr double h = 1e-5;
        for (std::size_t c = 0; c < x.size(); ++c) {
          auto low = x, high = x;
          low[c] -= h;
          high[c] += h;
          found +=
              (error_at(field, high, some_level())[c] - error_at(field, low, some_level())[c]) /
              (2 * h);
        }
        EXPECT_NEAR(divergence, found, 1e-8) << name << " in " << d;
      }
    }
  }
}

TEST(ScoreError, HasTheJacobianThatFiniteDifferencesFind) {
  std::mt19937_64 engine(5);
  constexpr int d = 3;
  constexpr double h = 1e-5;
  for (std::string const& name : kind_names()) {
    ScoreErrorField const field(make_score_error(name + ":size=0.7,seed=11"), d);
    std::vector<double> const x = normals(engine, d), tangents = normals(engine, 2 * d);
    std::vector<double> e(x.size()), products(tangents.size());
    double const divergence = field.evaluate(x, some_level(), e, tangents, products);
    EXPECT_EQ(e, error_at(field, x, some_level())) << name;
    EXPECT_EQ(divergence, field.evaluate(x, some_level(), e)) << name;
    for (std::size_t row = 0; row < 2; ++row) {
      auto low = x, high = x;
      for (std::size_t c = 0; c < d; ++c) {
        low[c] -= h * tangents[row * d + c];
        high[c] += h * tangents[row * d + c];
      }
      auto const below = error_at(field, low, some_level()),
                 above = error_at(field, high, some_level());
      for (std::size_t c = 0; c < d; ++c)
        EXPECT_NEAR(products[row * d + c], (above[c] - below[c]) / (2 * h), 1e-8) << name;
    }
  }
}

/// The plain formulas, the waves with the library's cosine.
TEST(ScoreError, OfFieldIsTheSumOfItsWaves) {
  ScoreErrorField const field(score_errors::field{.size = 0.7, .length = 2, .features = 5}, 2);
  NoiseLevel const level = some_level();
  double const x[] = {0.4, -1.1};
  double const scale = std::sqrt(level.alpha() * level.alpha() + level.sigma() * level.sigma());
  double expected[2] = {};
  for (int j = 0; j < field.terms(); ++j) {
    double const* const row = field.rows().data() + 5 * j;
    double const angle = 2 * std::numbers::pi * (row[0] + (row[1] * x[0] + row[2] * x[1]) / scale);
    for (int c = 0; c < 2; ++c) expected[c] += row[3 + c] * std::cos(angle) / level.sigma();
  }
  double e[2];
  field.evaluate(x, level, e);
  for (int c = 0; c < 2; ++c) EXPECT_NEAR(e[c], expected[c], 1e-14);
}

TEST(ScoreError, IsTheSameAtEveryLevelWhereItIsRelative) {
  for (auto const& sde_entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(sde_entry.name);
    for (std::string const& name : kind_names()) {
      ScoreErrorField const relative(make_score_error(name + ":seed=2"), 3);
      ScoreErrorField const absolute(make_score_error(name + ":seed=2,scale=absolute"), 3);
      std::vector<double> const y{0.3, -0.8, 0.5}, e = error_of_y(absolute, y);
      for (double const part : {0.05, 0.5, 1.0}) {
        NoiseLevel const level = sde.at(part * sde.t_max());
        std::vector<double> x = y;
        for (double& value : x) value *= std::hypot(level.alpha(), level.sigma());
        for (std::size_t c = 0; c < 3; ++c) {
          EXPECT_NEAR(error_at(absolute, x, level)[c], e[c], 1e-13) << sde_entry.name;
          EXPECT_NEAR(error_at(relative, x, level)[c] * level.sigma(), e[c], 1e-13)
              << sde_entry.name;
        }
      }
    }
  }
}

TEST(ScoreError, IsAFunctionOfItsSeedAlone) {
  for (std::string const& name : kind_names()) {
    ScoreErrorField const one(make_score_error(name + ":seed=7"), 3),
        same(make_score_error(name + ":seed=7"), 3), other(make_score_error(name + ":seed=8"), 3);
    std::vector<double> const y{0.3, -0.8, 0.5};
    EXPECT_EQ(error_of_y(one, y), error_of_y(same, y)) << name;
    EXPECT_NE(error_of_y(one, y), error_of_y(other, y)) << name;
  }
  // As stated in score_errors.hpp; the draws themselves are frozen by known answers.
  ScoreErrorField const field(score_errors::field{.length = 2, .features = 3, .seed = 7}, 3);
  constexpr std::size_t term = 2, width = 7;
  std::vector<float> z(3);
  draw_normals(7, term, Purpose::score_error, {0, 1}, z);
  EXPECT_EQ(field.rows()[term * width], draw_uniform(7, term, Purpose::score_error, {0, 2}));
  for (std::size_t c = 0; c < 3; ++c)
    EXPECT_NEAR(field.rows()[term * width + 1 + c], double{z[c]} / (4 * std::numbers::pi), 1e-15);
}

TEST(ScoreError, IsZeroWhereItsSizeIs) {
  for (std::string const& name : kind_names()) {
    ScoreErrorField const field(make_score_error(name + ":size=0"), 3);
    for (double const value : error_of_y(field, {0.3, -0.8, 0.5})) EXPECT_EQ(value, 0) << name;
  }
}

TEST(ScoreError, RefusesWhatItCannotBe) {
  auto const refusal = [](std::string const& text, int dimension = 2) {
    return argument_error([&] { ScoreErrorField(make_score_error(text), dimension); });
  };
  EXPECT_TRUE(contains(refusal("fields"), "unknown score error 'fields'; did you mean 'field'?"));
  EXPECT_TRUE(contains(refusal("bias:length=1"), "unknown option of bias 'length'"));
  EXPECT_TRUE(
      contains(refusal("bias:size=-0.1"), "size cannot be '-0.1'; it takes a number in [0"));
  EXPECT_TRUE(contains(refusal("field:length=0"), "[0.01, inf)"));
  EXPECT_TRUE(contains(refusal("field:features=0"), "[1, 1024]"));
  EXPECT_TRUE(contains(refusal("field:scale=relativ"), "did you mean 'relative'?"));
  EXPECT_TRUE(contains(refusal("low-rank:rank=3"), "rank cannot be '3'; in 2 dimensions"));
  EXPECT_EQ(refusal("low-rank:rank=3", 3), "");
  ScoreErrorField const field(score_errors::bias{}, 1);
  double const x[] = {1.0};
  double e[1];
  NoiseLevel const clean = NoiseLevel::clean(0);
  EXPECT_TRUE(contains(argument_error([&] { field.evaluate(x, clean, e); }), "sigma is 0"));
}

}  // namespace
}  // namespace retrace
