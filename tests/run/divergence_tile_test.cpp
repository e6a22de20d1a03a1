// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/lanes.hpp>
#include <retrace/sde/angle.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/angle_mixture_source.hpp>
#include <retrace/targets/mixture_source.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace retrace {
namespace {

constexpr int lanes = 32, rows = 8;

template <class T>
struct Tile {
  alignas(64) T x[rows * lanes], y[rows * lanes], plain[rows * lanes], divergence[lanes];
  alignas(64) T angle[lanes], factor[lanes], scratch[5 * rows * lanes];

  explicit Tile(int dimension, double scale) {
    for (int l = 0; l < lanes; ++l) {
      angle[l] = static_cast<T>(1.5 * (l + 0.5) / lanes);
      factor[l] = static_cast<T>(0.25 + 0.5 * l);
      for (int j = 0; j < dimension; ++j)
        x[j * lanes + l] = static_cast<T>(scale * std::sin(1.0 + 1.7 * l + 2.3 * j));
    }
  }
  [[nodiscard]] std::vector<double> point(int dimension, int l) const {
    std::vector<double> row;
    for (int j = 0; j < dimension; ++j) row.push_back(static_cast<double>(x[j * lanes + l]));
    return row;
  }
};

template <class F>
void with_sources(Mixture const& mixture, F const& f) {
  if (mixture.shape() == CovarianceShape::isotropic)
    f(MixtureSource<CovarianceShape::isotropic>(mixture),
      AngleMixtureSource<CovarianceShape::isotropic>(mixture));
  else
    f(MixtureSource<CovarianceShape::full>(mixture),
      AngleMixtureSource<CovarianceShape::full>(mixture));
}

/// div E[x0 | x] = (d + sigma^2 div score) / alpha
double exact(Mixture const& mixture, NoiseLevel const& s, std::vector<double> const& x) {
  return (static_cast<double>(x.size()) + s.sigma() * s.sigma() * mixture.at(s).divergence(x)) /
         s.alpha();
}

NoiseLevel at_angle(double angle) {
  return NoiseLevel({.log_alpha = std::log(std::cos(angle)),
                     .log_sigma = std::log(std::sin(angle)),
                     .alpha = std::cos(angle),
                     .sigma = std::sin(angle)});
}

std::vector<Mixture> mixtures() {
  return {testing::scattered_mixture(1, 3),  testing::scattered_mixture(2, 21),
          testing::correlated_mixture(2, 9), testing::scattered_mixture(5, 9),
          testing::correlated_mixture(3, 4), testing::correlated_mixture(5, 3)};
}

template <class T, int Dim, class Isa>
void check(Mixture const& mixture, double tolerance) {
  int const d = mixture.dimension();
  HostLanes<T, Isa, lanes> const walk;
  with_sources(mixture, [&](auto const& source, auto const& angles) {
    Sde const sde = make_sde("vp");
    std::vector<NoiseLevel> const levels{sde.at(1e-3), sde.at(0.1), sde.at(0.5), sde.at(1)};
    auto const made = source.template prepare<T, Dim, Execution>(Execution{}, levels);
    for (int n = 0; n < 4; ++n)
      for (double const scale : {1.5, 60.0}) {
        Tile<T> tile(d, scale);
        Evaluation<T> const e{.level = n, .condition = 0, .skip = T(0.5), .out = T(-2)};
        ASSERT_LE(made.tile.divergence_scratch(lanes), 5 * rows * lanes);
        made.tile(walk, tile.x, tile.plain, e, tile.scratch);
        made.tile.with_divergence(walk, tile.x, tile.y, e, tile.divergence, tile.scratch);
        for (int l = 0; l < lanes; ++l) {
          for (int j = 0; j < d; ++j)
            ASSERT_EQ(tile.y[j * lanes + l], tile.plain[j * lanes + l]) << "not to the bit";
          double const want = exact(mixture, levels[static_cast<std::size_t>(n)], tile.point(d, l));
          double const size = std::max({1.0, std::abs(want), scale});
          EXPECT_NEAR(tile.divergence[l], want, tolerance * size) << "level " << n << " lane " << l;
        }
      }
    Tile<T> tile(d, 1.5);
    auto const flow = angles.template prepare<T, Dim, Execution>(Execution{});
    flow.tile(walk, tile.x, tile.plain, tile.angle, tile.factor, tile.scratch);
    flow.tile.with_divergence(walk, tile.x, tile.y, tile.angle, tile.factor, tile.divergence,
                              tile.scratch);
    for (int l = 0; l < lanes; ++l) {
      for (int j = 0; j < d; ++j) ASSERT_EQ(tile.y[j * lanes + l], tile.plain[j * lanes + l]);
      NoiseLevel const s = at_angle(static_cast<double>(tile.angle[l]));
      // div v = (alpha d - div x0) / sigma, at s = 1
      double const want = static_cast<double>(tile.factor[l]) *
                          (s.alpha() * d - exact(mixture, s, tile.point(d, l))) / s.sigma();
      EXPECT_NEAR(tile.divergence[l], want, tolerance * 10 * std::max(1.0, std::abs(want)))
          << "lane " << l;
    }
  });
}

TEST(DivergenceTile, AgreesWithTheExactDivergenceAndLeavesThePredictionAlone) {
  for (Mixture const& mixture : mixtures()) {
    SCOPED_TRACE(std::to_string(mixture.dimension()) + " dimensions, " +
                 std::to_string(mixture.components()) + " components");
    check<double, 0, simd::Native>(mixture, 2e-12);
    check<double, 0, simd::Scalar>(mixture, 2e-12);
    check<float, 0, simd::Native>(mixture, 2e-3);
    if (mixture.dimension() == 1) check<double, 1, simd::Native>(mixture, 2e-12);
    if (mixture.dimension() == 2) check<double, 2, simd::Native>(mixture, 2e-12);
    if (mixture.dimension() == 3) check<float, 3, simd::Native>(mixture, 2e-3);
  }
}

TEST(DivergenceTile, GivesTheSameBitsInEveryInstructionSet) {
  for (Mixture const& mixture : mixtures())
    with_sources(mixture, [&](auto const& source, auto const&) {
      std::vector<NoiseLevel> const levels{make_sde("vp").at(0.3)};
      auto const made = source.template prepare<double, 0, Execution>(Execution{}, levels);
      Tile<double> wide(mixture.dimension(), 2), narrow(mixture.dimension(), 2);
      Evaluation<double> const e{.level = 0, .condition = 0, .skip = 0, .out = 1};
      made.tile.with_divergence(HostLanes<double, simd::Native, lanes>{}, wide.x, wide.y, e,
                                wide.divergence, wide.scratch);
      made.tile.with_divergence(HostLanes<double, simd::Scalar, lanes>{}, narrow.x, narrow.y, e,
                                narrow.divergence, narrow.scratch);
      for (int l = 0; l < lanes; ++l) EXPECT_EQ(wide.divergence[l], narrow.divergence[l]);
    });
}

}  // namespace
}  // namespace retrace
