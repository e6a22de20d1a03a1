// SPDX-License-Identifier: Apache-2.0
#include "example_mixtures.hpp"

#include <retrace/targets/mixture.hpp>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <vector>

namespace retrace {
namespace {

using Wide = boost::multiprecision::cpp_bin_float_50;
using Vector = std::vector<double>;

std::vector<Wide> widened(Vector const& x) { return {x.begin(), x.end()}; }

/// Points of the law at this level: near the modes, between them, and 3 to 40 standard deviations
/// out.
std::vector<Vector> points(Mixture const& mixture, NoiseLevel const& s) {
  auto const d = static_cast<std::size_t>(mixture.dimension());
  Vector const covariance = mixture.covariance();
  std::vector<Vector> all;
  for (double const spreads : {0.0, 0.1, 0.5, 1.0, 3.0, 10.0, 40.0})
    for (int direction = 0; direction < 4; ++direction) {
      Vector x = mixture.mean();
      for (std::size_t i = 0; i < d; ++i) {
        double const unit = std::cos(2.1 * direction + 1.7 * static_cast<double>(i) + 0.3);
        double const deviation =
            std::hypot(s.alpha() * std::sqrt(covariance[i * d + i]), s.sigma());
        x[i] = s.alpha() * x[i] + spreads * deviation * unit;
      }
      all.push_back(x);
    }
  for (std::size_t k = 0; k < mixture.weights().size(); ++k) {
    Vector x(d);
    for (std::size_t i = 0; i < d; ++i)
      x[i] = s.alpha() * mixture.means()[k * d + i] + 0.01 * s.sigma();
    all.push_back(x);
  }
  return all;
}

double error(double value, Wide const& reference) {
  return static_cast<double>(abs(value - reference) / fmax(Wide(1), abs(reference)));
}

/// The largest error of each function over all examples, levels and points.
struct Errors {
  double log_density = 0, score = 0, divergence = 0, denoised = 0;
};

void keep_largest(double& largest, double value) {
  if (std::isnan(value) || value > largest) largest = value;  // a NaN stays
}

Errors largest_errors(std::function<double(double)> const& fault = {}) {
  Errors largest;
  for (MixtureNumbers const& numbers : example_mixtures()) {
    Mixture const mixture = numbers.mixture();
    auto const reference = numbers.reference<Wide>();
    auto const d = static_cast<std::size_t>(mixture.dimension());
    for (NoiseLevel const& s : example_levels()) {
      MixtureAtLevel const law = mixture.at(s);
      for (Vector const& x : points(mixture, s)) {
        Vector score(d), denoised(d);
        auto const values = law.evaluate(x, score, denoised);
        auto const exact = reference.at(Wide(s.alpha()), Wide(s.sigma()), widened(x));
        keep_largest(largest.log_density, error(values.log_density, exact.log_density));
        keep_largest(largest.divergence, error(values.divergence, exact.divergence));
        for (std::size_t i = 0; i < d; ++i) {
          double const given = fault ? fault(score[i]) : score[i];
          keep_largest(largest.score, error(given, exact.score[i]));
          keep_largest(largest.denoised, error(denoised[i], exact.denoised[i]));
        }
      }
    }
  }
  return largest;
}

TEST(MixtureAtLevel, AgreesWithTheFormulasInFiftyDigitsUpToFortySpreads) {
  Errors const largest = largest_errors();
  EXPECT_LE(largest.log_density, 1e-12);
  EXPECT_LE(largest.score, 1e-12);
  EXPECT_LE(largest.denoised, 1e-12);
  EXPECT_LE(largest.divergence, 1e-9);
}

TEST(MixtureAtLevel, ComparisonWithTheReferenceSeesTheTwelfthDigit) {
  EXPECT_GT(largest_errors([](double s) { return s * (1 + 3e-12); }).score, 1e-12);
}

TEST(MixtureAtLevel, ReferenceScoreIsTheGradientAndDivergenceTheLaplacianOfItsLogDensity) {
  for (MixtureNumbers const& numbers : example_mixtures()) {
    auto const reference = numbers.reference<Wide>();
    Wide const alpha = 0.7, sigma = 0.4, h = 1e-12;
    std::vector<Wide> const x =
        widened(Vector(numbers.means.size() / numbers.weights.size(), 0.37));
    auto const here = reference.at(alpha, sigma, x);
    Wide laplacian = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      auto above = x, below = x;
      above[i] += h;
      below[i] -= h;
      Wide const up = reference.at(alpha, sigma, above).log_density;
      Wide const down = reference.at(alpha, sigma, below).log_density;
      EXPECT_LT(static_cast<double>(abs((up - down) / (2 * h) - here.score[i])), 1e-18)
          << numbers.name;
      laplacian += (up - 2 * here.log_density + down) / (h * h);
    }
    EXPECT_LT(static_cast<double>(abs(laplacian - here.divergence)), 1e-18) << numbers.name;
  }
}

TEST(MixtureAtLevel, DenoisedAgreesWithTweediesFormula) {
  for (MixtureNumbers const& numbers : example_mixtures())
    for (NoiseLevel const& s : {level(0.8, 0.6), level(1, 2), level(0.3, 0.95)}) {
      Mixture const mixture = numbers.mixture();
      for (Vector const& x : points(mixture, s)) {
        Vector score(x.size()), denoised(x.size());
        mixture.at(s).evaluate(x, score, denoised);
        for (std::size_t i = 0; i < x.size(); ++i) {
          double const tweedie = (x[i] + s.sigma() * s.sigma() * score[i]) / s.alpha();
          EXPECT_NEAR(denoised[i], tweedie, 1e-13 * std::fmax(1, std::abs(x[i]) / s.alpha()));
        }
      }
    }
}

TEST(MixtureAtLevel, ResponsibilitiesAreSharesOfTheDensity) {
  NoiseLevel const level({.log_alpha = -0.3, .log_sigma = -1});
  Mixture const law = Mixture::full({0.2, 0.5, 0.3}, {0, 0, 1, -1, 2, 0.5},
                                    {1, 0.2, 0.2, 0.5, 0.3, -0.1, -0.1, 0.4, 2, 1, 1, 1});
  for (auto const& x : points(law, level)) {
    Vector gamma(3);
    law.at(level).responsibilities(x, gamma);
    double sum = 0;
    for (int k = 0; k < 3; ++k) {
      auto const i = static_cast<std::size_t>(k);
      auto const means = law.means().subspan(2 * i, 2);
      Mixture const alone =
          Mixture::full({1}, {means.begin(), means.end()}, law.component_covariance(k));
      double const log_share = std::log(law.weights()[i]) + alone.at(level).log_density(x) -
                               law.at(level).log_density(x);
      EXPECT_NEAR(gamma[i], std::exp(log_share), 1e-12);
      sum += gamma[i];
    }
    EXPECT_NEAR(sum, 1, 1e-15);
  }
}

TEST(MixtureAtLevel, DenoisedIsTheStateItselfWithoutNoise) {
  for (MixtureNumbers const& numbers : example_mixtures()) {
    Mixture const mixture = numbers.mixture();
    NoiseLevel const clean = NoiseLevel::clean(0);
    for (Vector const& x : points(mixture, clean)) {
      Vector denoised(x.size()), nearly(x.size());
      mixture.at(clean).denoised(x, denoised);
      EXPECT_EQ(denoised, x) << numbers.name;
      mixture.at(level(1, 1e-9)).denoised(x, nearly);
      for (std::size_t i = 0; i < x.size(); ++i)
        EXPECT_NEAR(nearly[i], x[i], 1e-13 * std::fmax(1, std::abs(x[i]))) << numbers.name;
    }
  }
}

TEST(MixtureAtLevel, DenoisedIsTheMeanWhereNoSignalIsLeft) {
  for (MixtureNumbers const& numbers : example_mixtures()) {
    Mixture const mixture = numbers.mixture();
    Vector denoised(static_cast<std::size_t>(mixture.dimension()));
    mixture.at(level(0, 1)).denoised(Vector(denoised.size(), 2.5), denoised);
    for (std::size_t i = 0; i < denoised.size(); ++i)
      EXPECT_NEAR(denoised[i], mixture.mean()[i], 1e-14) << numbers.name;
  }
}

TEST(MixtureAtLevel, LogDensityOfMinusAMillionIsRight) {
  for (MixtureNumbers const& numbers : example_mixtures()) {
    auto const reference = numbers.reference<Wide>();
    for (double const sigma : {1e-3, 1.0}) {
      NoiseLevel const s = level(1, sigma);
      Vector const x(numbers.means.size() / numbers.weights.size(), 2000);
      Wide const exact = reference.at(Wide(1), Wide(s.sigma()), widened(x)).log_density;
      ASSERT_LT(static_cast<double>(exact), -1e6);
      EXPECT_LE(error(numbers.mixture().at(s).log_density(x), exact), 1e-12) << numbers.name;
    }
  }
}

/// d/dt log p - (-d f - f x.s + g^2/2 (div s + |s|^2)) for the VP process with beta from 0.1 to 20,
/// relative to the largest term; the time derivative from differences in 50 digits, the right side
/// from the mixture.
double fokker_planck_residual(double g2_factor) {
  auto const log_alpha = [](auto t) { return -t * t * 19.9 / 4 - t * 0.1 / 2; };
  double largest = 0;
  for (MixtureNumbers const& numbers : example_mixtures()) {
    Mixture const mixture = numbers.mixture();
    auto const reference = numbers.reference<Wide>();
    for (double const t : {0.01, 0.1, 0.3, 0.6, 1.0}) {
      NoiseLevel const s = level(std::exp(log_alpha(t)), std::sqrt(-std::expm1(2 * log_alpha(t))));
      double const beta = 0.1 + 19.9 * t, f = -beta / 2, g2 = beta * g2_factor;
      for (Vector const& x : points(mixture, s)) {
        auto const log_density = [&](Wide const& time) {
          Wide const alpha = exp(log_alpha(time));
          return reference.at(alpha, sqrt(1 - alpha * alpha), widened(x)).log_density;
        };
        Wide const h = 1e-15;
        auto const rate = static_cast<double>((log_density(t + h) - log_density(t - h)) / (2 * h));
        Vector score(x.size());
        double const divergence = mixture.at(s).evaluate(x, score, {}).divergence;
        double along = 0, square = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
          along += x[i] * score[i];
          square += score[i] * score[i];
        }
        double const right =
            -static_cast<double>(x.size()) * f - f * along + g2 / 2 * (divergence + square);
        double const scale = std::abs(f * along) + g2 / 2 * (std::abs(divergence) + square) + 1;
        keep_largest(largest, std::abs(rate - right) / scale);
      }
    }
  }
  return largest;
}

TEST(MixtureAtLevel, ScoreAndDivergenceSolveTheFokkerPlanckEquation) {
  EXPECT_LE(fokker_planck_residual(1), 1e-12);
}

TEST(MixtureAtLevel, FokkerPlanckResidualSeesAWrongDiffusion) {
  EXPECT_GT(fokker_planck_residual(1 + 1e-6), 1e-8);
}

}  // namespace
}  // namespace retrace
