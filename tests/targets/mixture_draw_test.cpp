// SPDX-License-Identifier: Apache-2.0
#include "example_mixtures.hpp"

#include <retrace/core/noise_level.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/registry.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

// Every check has the level 1e-6 (two-sided z = 4.892, with Bonferroni's correction where several
// numbers are looked at) and a fixed seed, so that it either always passes or shows a fault.

namespace retrace {
namespace {

using Vector = std::vector<double>;

constexpr double alpha_level = 1e-6;
constexpr std::uint64_t seed = 20260;

/// Two-sided: P(|z| > threshold) = alpha_level / count.
double threshold(std::size_t count) {
  double low = 0, high = 40;
  for (int i = 0; i < 100; ++i) {
    double const middle = (low + high) / 2;
    (std::erfc(middle / std::numbers::sqrt2) > alpha_level / static_cast<double>(count) ? low
                                                                                        : high) =
        middle;
  }
  return low;
}

/// A mixture at a level is a mixture; its own numbers, for the exact moments.
struct Law {
  Mixture mixture;
  NoiseLevel level;

  std::size_t d = static_cast<std::size_t>(mixture.dimension());
  Vector mean = mixture.mean(), covariance = mixture.covariance();
  std::vector<Vector> within{};  // covariances of the components

  Law(Mixture m, NoiseLevel const& s) : mixture(std::move(m)), level(s) {
    double const a = level.alpha(), variance = level.sigma() * level.sigma();
    for (double& v : mean) v *= a;
    for (std::size_t i = 0; i < d * d; ++i)
      covariance[i] = a * a * covariance[i] + (i % (d + 1) == 0 ? variance : 0);
    for (int k = 0; k < mixture.components(); ++k) {
      within.push_back(mixture.component_covariance(k));
      for (std::size_t i = 0; i < d * d; ++i)
        within.back()[i] = a * a * within.back()[i] + (i % (d + 1) == 0 ? variance : 0);
    }
  }

  /// E[(x_i - mean_i)^2 (x_j - mean_j)^2]
  [[nodiscard]] double fourth_moment(std::size_t i, std::size_t j) const {
    double sum = 0;
    for (std::size_t k = 0; k < within.size(); ++k) {
      Vector const& c = within[k];
      double const a = level.alpha() * mixture.means()[k * d + i] - mean[i];
      double const b = level.alpha() * mixture.means()[k * d + j] - mean[j];
      double const ii = c[i * d + i], jj = c[j * d + j], ij = c[i * d + j];
      sum += mixture.weights()[k] * ((a * a + ii) * (b * b + jj) + 2 * ij * ij + 4 * a * b * ij);
    }
    return sum;
  }

  /// P(direction . x <= y)
  [[nodiscard]] double distribution(Vector const& direction, double y) const {
    double sum = 0;
    for (std::size_t k = 0; k < within.size(); ++k) {
      double centre = 0, variance = 0;
      for (std::size_t i = 0; i < d; ++i) {
        centre += direction[i] * level.alpha() * mixture.means()[k * d + i];
        for (std::size_t j = 0; j < d; ++j)
          variance += direction[i] * direction[j] * within[k][i * d + j];
      }
      sum += mixture.weights()[k] * std::erfc((centre - y) / std::sqrt(2 * variance)) / 2;
    }
    return sum;
  }
};

struct Samples {
  std::size_t n, d;
  Vector x;
};

Samples drawn(Law const& law, std::size_t n) {
  Samples s{n, law.d, Vector(n * law.d)};
  for (std::size_t i = 0; i < n; ++i)
    law.mixture.draw(law.level, seed, static_cast<std::int64_t>(i),
                     std::span(s.x).subspan(i * law.d, law.d));
  return s;
}

/// Largest |z| of the means and of the second central moments, each over its threshold: above 1 is
/// a rejection.
double worst_moment(Law const& law, Samples const& samples) {
  auto const n = static_cast<double>(samples.n);
  std::size_t const d = law.d;
  double worst = 0;
  for (std::size_t i = 0; i < d; ++i) {
    double sum = 0;
    for (std::size_t r = 0; r < samples.n; ++r) sum += samples.x[r * d + i] - law.mean[i];
    worst =
        std::fmax(worst, std::abs(sum) / std::sqrt(n * law.covariance[i * d + i]) / threshold(d));
  }
  for (std::size_t i = 0; i < d; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      double const c = law.covariance[i * d + j];
      double sum = 0;
      for (std::size_t r = 0; r < samples.n; ++r)
        sum += (samples.x[r * d + i] - law.mean[i]) * (samples.x[r * d + j] - law.mean[j]) - c;
      double const z = std::abs(sum) / std::sqrt(n * (law.fourth_moment(i, j) - c * c));
      worst = std::fmax(worst, z / threshold(d * (d + 1) / 2));
    }
  return worst;
}

/// How far coordinate i strays from its mean, for the whole and for every component on its own.
double reach(Law const& law, std::size_t i) {
  std::size_t const d = law.d, diagonal = i * d + i;
  double reach = 5.5 * std::sqrt(law.covariance[diagonal]);
  for (std::size_t k = 0; k < law.within.size(); ++k) {
    double const away = std::abs(law.level.alpha() * law.mixture.means()[k * d + i] - law.mean[i]);
    reach = std::fmax(reach, away + 5.5 * std::sqrt(law.within[k][diagonal]));
  }
  return reach;
}

/// z of the mean log density, over its threshold; two dimensions only. Mean and variance of log p
/// by the trapezoidal rule, whose error for densities that are smooth on the scale of the step is
/// far below the standard error.
double log_density_score(Law const& law, Samples const& samples) {
  MixtureAtLevel const p = law.mixture.at(law.level);
  double smallest = 1;  // variance of a component along any axis, at least
  for (Vector const& c : law.within)
    smallest = std::fmin(smallest, (c[0] * c[3] - c[1] * c[1]) / std::fmax(c[0], c[3]) / 2);
  double const h = std::sqrt(smallest);
  double mean = 0, square = 0, mass = 0;
  double const reach_x = reach(law, 0), reach_y = reach(law, 1);
  for (double x = law.mean[0] - reach_x; x < law.mean[0] + reach_x; x += h)
    for (double y = law.mean[1] - reach_y; y < law.mean[1] + reach_y; y += h) {
      double const l = p.log_density(Vector{x, y}), w = std::exp(l) * h * h;
      mass += w;
      mean += w * l;
      square += w * l * l;
    }
  EXPECT_NEAR(mass, 1, 1e-5);
  double sum = 0;
  for (std::size_t r = 0; r < samples.n; ++r)
    sum += p.log_density(std::span(samples.x).subspan(2 * r, 2)) - mean;
  return std::abs(sum) / std::sqrt(static_cast<double>(samples.n) * (square - mean * mean)) /
         threshold(1);
}

/// Kolmogorov's distance along four directions over the bound of Dvoretzky, Kiefer, Wolfowitz and
/// Massart.
double worst_projection(Law const& law, Samples const& samples) {
  constexpr int count = 4;
  auto const n = static_cast<double>(samples.n);
  double const bound = std::sqrt(std::log(2 * count / alpha_level) / (2 * n));
  double worst = 0;
  for (int which = 0; which < count; ++which) {
    Vector direction(law.d), y(samples.n);
    for (std::size_t i = 0; i < law.d; ++i)
      direction[i] = std::cos(1.9 * which + 2.3 * static_cast<double>(i) * (which + 1));
    for (std::size_t r = 0; r < samples.n; ++r)
      for (std::size_t i = 0; i < law.d; ++i) y[r] += direction[i] * samples.x[r * law.d + i];
    std::sort(y.begin(), y.end());
    for (std::size_t r = 0; r < samples.n; ++r) {
      double const exact = law.distribution(direction, y[r]);
      worst = std::fmax(worst, std::abs(exact - static_cast<double>(r) / n) / bound);
      worst = std::fmax(worst, std::abs(exact - static_cast<double>(r + 1) / n) / bound);
    }
  }
  return worst;
}

constexpr std::size_t n = 200'000;

std::vector<NoiseLevel> levels() { return {NoiseLevel::clean(0), level(0.8, 0.6), level(0.01, 1)}; }

TEST(MixtureDraw, MomentsAndLogDensityOfTheExampleAreExact) {
  for (NoiseLevel const& s : levels()) {
    Law const law(correlated_2d().mixture(), s);
    Samples const samples = drawn(law, n);
    EXPECT_LT(worst_moment(law, samples), 1);
    EXPECT_LT(log_density_score(law, samples), 1);
    EXPECT_LT(worst_projection(law, Samples{20'000, 2, samples.x}), 1);
  }
}

TEST(MixtureDraw, TheChecksSeeWrongWidthsMeansWeightsAndShapes) {
  MixtureNumbers const right = correlated_2d();
  Law const law(right.mixture(), NoiseLevel::clean(0));
  MixtureNumbers wide = right, moved = right, weighted = right;
  for (double& c : wide.covariances) c *= 1.02;
  for (std::size_t i = 0; i < moved.means.size(); i += 2) moved.means[i] += 0.03;
  weighted.weights = {0.22, 0.49, 0.29};
  auto const samples_of = [](Mixture const& m) { return drawn(Law(m, NoiseLevel::clean(0)), n); };
  EXPECT_GT(log_density_score(law, samples_of(wide.mixture())), 1);
  EXPECT_GT(worst_moment(law, samples_of(moved.mixture())), 1);
  EXPECT_GT(worst_moment(law, samples_of(weighted.mixture())), 1);
  Samples const gaussian = samples_of(Mixture::full({1}, law.mean, law.covariance));
  EXPECT_LT(worst_moment(law, Samples{n, 2, gaussian.x}), 2);  // nearly blind, as it must be
  EXPECT_GT(log_density_score(law, gaussian), 1);
  EXPECT_GT(worst_projection(law, Samples{20'000, 2, gaussian.x}), 1);
}

TEST(MixtureDraw, EveryMixtureWithANameHasItsExactMoments) {
  for (TargetEntry const& entry : targets()) {
    Target const target = make_target(entry.name);
    if (target.mixture() == nullptr) continue;
    Law const law(*target.mixture(), level(0.9, 0.2));
    Samples const samples = drawn(law, n / 5);
    EXPECT_LT(worst_moment(law, samples), 1) << entry.name;
    if (entry.dimension == 2) {
      EXPECT_LT(log_density_score(law, samples), 1) << entry.name;
    } else {
      EXPECT_LT(worst_projection(law, Samples{5'000, law.d, samples.x}), 1) << entry.name;
    }
  }
}

TEST(MixtureDraw, ASampleDependsOnSeedAndNumberOnly) {
  Mixture const m = correlated_2d().mixture();
  Vector first(2), again(2), other(2);
  m.draw(7, 12345, first);
  for (std::int64_t i = 0; i < 10; ++i) m.draw(7, i, other);
  correlated_2d().mixture().draw(7, 12345, again);
  EXPECT_EQ(first, again);
  m.draw(7, 12346, other);
  EXPECT_NE(first, other);
  m.draw(8, 12345, other);
  EXPECT_NE(first, other);
}

TEST(MixtureDraw, NoiseIsAddedToTheSampleOfTheData) {
  Mixture const m = isotropic_3d().mixture();
  Vector clean(3), data(3), noisy(3), scaled(3);
  for (std::int64_t i = 0; i < 100; ++i) {
    m.draw(7, i, data);
    m.draw(NoiseLevel::clean(0), 7, i, clean);
    EXPECT_EQ(clean, data);
    m.draw(level(1, 0.5), 7, i, noisy);
    m.draw(level(1, 1), 7, i, scaled);
    for (std::size_t j = 0; j < 3; ++j)
      EXPECT_NEAR(2 * (noisy[j] - data[j]), scaled[j] - data[j], 1e-13);
  }
}

}  // namespace
}  // namespace retrace
