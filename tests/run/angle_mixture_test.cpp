// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/lanes.hpp>
#include <retrace/targets/angle_mixture_source.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

namespace retrace {
namespace {

constexpr int lanes = 32;

NoiseLevel level_of(double angle) {
  return NoiseLevel({.log_alpha = std::log(std::cos(angle)),
                     .log_sigma = std::log(std::sin(angle)),
                     .alpha = std::cos(angle),
                     .sigma = std::sin(angle)});
}

/// alpha epsilon - sigma x0, of score and denoised state.
std::vector<double> velocity(Mixture const& mixture, double angle, std::vector<double> const& z) {
  std::vector<double> score(z.size()), out(z.size());
  NoiseLevel const level = level_of(angle);
  mixture.at(level).evaluate(z, score, out);
  for (std::size_t i = 0; i < z.size(); ++i)
    out[i] = -level.alpha() * level.sigma() * score[i] - level.sigma() * out[i];
  return out;
}

std::size_t at(int row, int lane) { return static_cast<std::size_t>(row * lanes + lane); }

/// From next to the data to next to pure noise, another one in every lane.
double angle_of_lane(int l) {
  double const near = std::pow(10, -5 + 0.25 * (l / 2));
  return std::min(l % 2 == 0 ? near : std::numbers::pi / 2 - near, std::numbers::pi / 2);
}

template <class T, int Dim, class Isa = simd::Native>
struct Evaluated {
  alignas(64) T z[8 * lanes], angle[lanes], factor[lanes], y[8 * lanes];

  explicit Evaluated(Mixture const& mixture) {
    int const d = mixture.dimension();
    for (int l = 0; l < lanes; ++l) {
      angle[l] = static_cast<T>(angle_of_lane(l));
      factor[l] = static_cast<T>(0.25 + 0.5 * l);
      for (int j = 0; j < d; ++j)
        z[at(j, l)] = static_cast<T>(1.3 * std::sin(1.0 + 1.7 * l + 2.3 * j));
    }
    evaluate(mixture);
  }

 private:
  void evaluate(Mixture const& mixture) {
    if (mixture.shape() == CovarianceShape::isotropic)
      call(AngleMixtureSource<CovarianceShape::isotropic>(mixture));
    else
      call(AngleMixtureSource<CovarianceShape::full>(mixture));
  }
  template <class Source>
  void call(Source const& source) {
    auto const prepared = source.template prepare<T, Dim, Execution>(Execution{});
    alignas(64) T scratch[16 * lanes];
    EXPECT_LE(prepared.tile.scratch(lanes), 16 * lanes);
    prepared.tile(HostLanes<T, Isa, lanes>{}, z, y, angle, factor, scratch);
  }
};

template <class T, int Dim>
void expect_velocity(Mixture const& mixture, double tolerance) {
  Evaluated<T, Dim> const found(mixture);
  int const d = mixture.dimension();
  for (int l = 0; l < lanes; ++l) {
    std::vector<double> z;
    for (int j = 0; j < d; ++j) z.push_back(static_cast<double>(found.z[at(j, l)]));
    auto const exact = velocity(mixture, static_cast<double>(found.angle[l]), z);
    for (int j = 0; j < d; ++j) {
      double const expected =
          static_cast<double>(found.factor[l]) * exact[static_cast<std::size_t>(j)];
      EXPECT_NEAR(static_cast<double>(found.y[at(j, l)]), expected,
                  tolerance * (std::abs(expected) + 1))
          << "angle " << found.angle[l] << ", coordinate " << j << " of " << d;
    }
  }
}

TEST(AngleMixture, GivesTheVelocityAtTheLevelOfEachLane) {
  for (int const components : {1, 5, 8, 11})
    for (auto const& make : {testing::scattered_mixture, testing::correlated_mixture}) {
      expect_velocity<double, 1>(make(1, components), 1e-13);
      expect_velocity<double, 2>(make(2, components), 1e-13);
      expect_velocity<double, 3>(make(3, components), 1e-13);
      expect_velocity<double, 0>(make(2, components), 1e-13);
      expect_velocity<double, 0>(make(7, components), 1e-12);
      expect_velocity<float, 2>(make(2, components), 3e-5);
      expect_velocity<float, 0>(make(7, components), 3e-5);
    }
}

TEST(AngleMixture, GivesTheSameBitsForEveryInstructionSetAndInPlace) {
  for (auto const& make : {testing::scattered_mixture, testing::correlated_mixture}) {
    Evaluated<float, 2> const wide(make(2, 9));
    Evaluated<float, 2, simd::Scalar> const narrow(make(2, 9));
    Evaluated<double, 2> const wide_double(make(2, 9));
    Evaluated<double, 2, simd::Scalar> const narrow_double(make(2, 9));
    Evaluated<float, 0> const at_run_time(make(2, 9));
    for (int i = 0; i < 2 * lanes; ++i) {
      EXPECT_EQ(wide.y[i], narrow.y[i]);
      EXPECT_EQ(wide_double.y[i], narrow_double.y[i]);
      EXPECT_EQ(wide.y[i], at_run_time.y[i]);
    }
  }
}

}  // namespace
}  // namespace retrace
