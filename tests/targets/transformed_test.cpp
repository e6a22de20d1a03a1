// SPDX-License-Identifier: Apache-2.0
#include "example_mixtures.hpp"

#include <retrace/core/error.hpp>
#include <retrace/targets/gaussian.hpp>
#include <retrace/targets/transformed.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <vector>

// Against densities and scores of the mixture before it was transformed, by change of variables.

namespace retrace {
namespace {

using Vector = std::vector<double>;

/// Points well inside and far outside of the examples.
std::vector<Vector> points(std::size_t d) {
  std::vector<Vector> all;
  for (int n = 0; n < 12; ++n) {
    all.emplace_back();
    for (std::size_t i = 0; i < d; ++i)
      all.back().push_back((n % 3 + 0.4) * std::sin(1 + 3.7 * n + 2.3 * static_cast<double>(i)));
  }
  return all;
}

std::vector<NoiseLevel> levels() { return {NoiseLevel::clean(0), level(0.8, 0.6), level(1, 7)}; }

/// 1 - 2 u u' / |u|^2 with its first two rows exchanged.
Vector rotation(std::size_t d) {
  Vector q(d * d), u(d);
  double square = 0;
  for (std::size_t i = 0; i < d; ++i) {
    u[i] = 0.3 + std::cos(2.1 * static_cast<double>(i));
    square += u[i] * u[i];
  }
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < d; ++j)
      q[(i < 2 ? 1 - i : i) * d + j] = (i == j ? 1 : 0) - 2 * u[i] * u[j] / square;
  return q;
}

/// A x with row = d and column = 1, A' x with row = 1 and column = d.
Vector times(Vector const& a, Vector const& x, std::size_t row, std::size_t column) {
  std::size_t const d = x.size();
  Vector y(d);
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j < d; ++j) y[i] += a[i * row + j * column] * x[j];
  return y;
}

Vector score(MixtureAtLevel const& p, Vector const& x) {
  Vector s(x.size());
  p.score(x, s);
  return s;
}

void expect_near(Vector const& a, Vector const& b, double tolerance) {
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i)
    EXPECT_NEAR(a[i], b[i], tolerance * (1 + std::abs(b[i]))) << i;
}

TEST(Transformed, ProductsMultiplyDensitiesAtEveryLevel) {
  Mixture const five = gaussian_5d().mixture(), two = correlated_2d().mixture();
  Mixture const three = isotropic_3d().mixture();
  for (auto const& [first, second] : {std::pair(two, three), {three, two}, {two, five}}) {
    Mixture const both = product(first, second);
    ASSERT_EQ(both.components(), first.components() * second.components());
    ASSERT_EQ(both.dimension(), first.dimension() + second.dimension());
    for (NoiseLevel const& s : levels())
      for (Vector const& z : points(static_cast<std::size_t>(both.dimension()))) {
        Vector const x(z.begin(), z.begin() + first.dimension());
        Vector const y(z.begin() + first.dimension(), z.end());
        double const wanted = first.at(s).log_density(x) + second.at(s).log_density(y);
        EXPECT_NEAR(both.at(s).log_density(z), wanted, 1e-11 * (1 + std::abs(wanted)));
        Vector joined = score(first.at(s), x);
        Vector const rest = score(second.at(s), y);
        joined.insert(joined.end(), rest.begin(), rest.end());
        expect_near(score(both.at(s), z), joined, 1e-10);
      }
  }
}

TEST(Transformed, ProductsStayIsotropicWhereTheyAre) {
  Mixture const one = gaussian{.dimension = 4000}();
  Mixture const both = product(one, one);
  EXPECT_EQ(both.shape(), CovarianceShape::isotropic);
  EXPECT_EQ(both.dimension(), 8000);
  EXPECT_EQ(both.variances()[0], one.variances()[0]);
  Mixture const narrow = Mixture::isotropic({1}, {0}, {0.5}),
                wide = Mixture::isotropic({1}, {0}, {2});
  EXPECT_EQ(product(narrow, wide).shape(), CovarianceShape::full);
}

TEST(Transformed, RotationsMoveDensitiesAtEveryLevel) {
  for (MixtureNumbers const& numbers : {correlated_2d(), isotropic_3d(), gaussian_5d()}) {
    Mixture const before = numbers.mixture();
    auto const d = static_cast<std::size_t>(before.dimension());
    Vector const q = rotation(d);
    Mixture const after = rotated(before, q);
    EXPECT_EQ(after.shape(), before.shape());
    for (NoiseLevel const& s : levels())
      for (Vector const& y : points(d)) {
        Vector const x = times(q, y, 1, d);  // Q' y
        double const wanted = before.at(s).log_density(x);
        EXPECT_NEAR(after.at(s).log_density(y), wanted, 1e-11 * (1 + std::abs(wanted)));
        expect_near(score(after.at(s), y), times(q, score(before.at(s), x), d, 1), 1e-10);
      }
  }
}

TEST(Transformed, FactorsDivideDensities) {
  for (MixtureNumbers const& numbers : {correlated_2d(), isotropic_3d(), gaussian_5d()}) {
    Mixture const before = numbers.mixture();
    auto const d = static_cast<std::size_t>(before.dimension());
    Vector factors;
    double log_volume = 0;
    for (std::size_t i = 0; i < d; ++i) {
      factors.push_back(i == 1 ? -2.5 : 0.5 + static_cast<double>(i));
      log_volume += std::log(std::abs(factors[i]));
    }
    MixtureAtLevel const p = before.at(NoiseLevel::clean(0));
    MixtureAtLevel const after = scaled(before, factors).at(NoiseLevel::clean(0));
    for (Vector const& x : points(d)) {
      Vector y = x, wanted_score = score(p, x);
      for (std::size_t i = 0; i < d; ++i) y[i] *= factors[i];
      for (std::size_t i = 0; i < d; ++i) wanted_score[i] /= factors[i];
      double const wanted = p.log_density(x) - log_volume;
      EXPECT_NEAR(after.log_density(y), wanted, 1e-11 * (1 + std::abs(wanted)));
      expect_near(score(after, y), wanted_score, 1e-10);
    }
  }
}

TEST(Transformed, OneFactorScalesTheNoiseToo) {
  for (MixtureNumbers const& numbers : {correlated_2d(), isotropic_3d()}) {
    Mixture const before = numbers.mixture(), after = scaled(before, -2);
    EXPECT_EQ(after.shape(), before.shape());
    auto const d = static_cast<std::size_t>(before.dimension());
    for (Vector const& x : points(d)) {
      Vector y = x;
      for (double& v : y) v *= -2;
      double const wanted =
          before.at(level(0.8, 0.3)).log_density(x) - static_cast<double>(d) * std::log(2);
      EXPECT_NEAR(after.at(level(0.8, 0.6)).log_density(y), wanted, 1e-11 * (1 + std::abs(wanted)));
    }
  }
}

TEST(Transformed, ShiftsMoveDensitiesAtEveryLevel) {
  for (MixtureNumbers const& numbers : {correlated_2d(), isotropic_3d(), gaussian_5d()}) {
    Mixture const before = numbers.mixture();
    auto const d = static_cast<std::size_t>(before.dimension());
    Vector offset;
    for (std::size_t i = 0; i < d; ++i) offset.push_back(1.25 - static_cast<double>(i));
    Mixture const after = shifted(before, offset);
    EXPECT_EQ(after.shape(), before.shape());
    for (NoiseLevel const& s : levels())
      for (Vector const& x : points(d)) {
        Vector y = x;
        for (std::size_t i = 0; i < d; ++i) y[i] += s.alpha() * offset[i];
        double const wanted = before.at(s).log_density(x);
        EXPECT_NEAR(after.at(s).log_density(y), wanted, 1e-11 * (1 + std::abs(wanted)));
      }
  }
}

TEST(Transformed, RefuseNumbersThatDoNotFit) {
  Mixture const two = correlated_2d().mixture();
  double const nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::pair<std::function<void()>, std::string>> const all{
      {[&] {
         (void)rotated(two, Vector{1, 0, 0});
       },
       "holds 3 numbers; the dimension"},
      {[&] {
         (void)rotated(two, Vector{1, 0, 1e-6, 1});
       },
       "rows 1 and 0"},
      {[&] {
         (void)rotated(two, Vector{1, 0, 0, 1.000001});
       },
       "not orthogonal"},
      {[&] {
         (void)rotated(two, Vector{1, 0, 0, nan});
       },
       "rotation[3] is not finite"},
      {[&] {
         (void)scaled(two, Vector{1, 0});
       },
       "scaled by 0"},
      {[&] { (void)scaled(two, 0); }, "scaled by 0"},
      {[&] { (void)scaled(two, nan); }, "factors[0] is not finite"},
      {[&] {
         (void)scaled(two, Vector{1, 2, 3});
       },
       "holds 3 numbers"},
      {[&] { (void)shifted(two, Vector{1}); }, "offset holds 1 numbers"},
      {[&] {
         (void)shifted(two, Vector{1, nan});
       },
       "offset[1] is not finite"},
  };
  for (auto const& [action, part] : all) try {
      action();
      ADD_FAILURE() << "accepted: " << part;
    } catch (Error const& e) {
      EXPECT_EQ(e.fault(), Fault::argument);
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    }
}

TEST(Transformed, RefuseAbsurdSizes) {
  std::size_t const n = 1000;
  Mixture const many = Mixture::isotropic(Vector(n, 1.0 / n), Vector(n, 0.0), Vector(n, 1.0));
  EXPECT_THROW((void)product(many, many), Error);  // a million components
  Mixture const high = gaussian{.dimension = 4096}();
  EXPECT_THROW((void)product(high, scaled(high, 2)), Error);  // 8192^2 numbers
  EXPECT_THROW((void)product(product(high, many), product(high, many)), Error);
  Vector factors(4096, 1.0);
  factors[7] = 2;
  Mixture const two_high =
      Mixture::isotropic({0.5, 0.5}, Vector(std::size_t{2} * 4096, 0.0), {1, 1});
  EXPECT_THROW((void)scaled(two_high, factors), Error);
}

}  // namespace
}  // namespace retrace
