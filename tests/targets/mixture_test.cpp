// SPDX-License-Identifier: Apache-2.0
#include "example_mixtures.hpp"

#include <retrace/core/error.hpp>
#include <retrace/targets/exact_model.hpp>
#include <retrace/targets/mixture.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

namespace retrace {
namespace {

static_assert(ExactModel<Mixture>);
static_assert(!ExactModel<NoiseLevel>);

using Vector = std::vector<double>;

TEST(Mixture, StoresMultiplesOfTheUnitMatrixAsVariances) {
  Mixture const m = Mixture::full({0.5, 0.5}, {0, 0, 1, 1}, {2, 0, 0, 2, 3, 0, 0, 3});
  EXPECT_EQ(m.shape(), CovarianceShape::isotropic);
  EXPECT_EQ(Vector(m.variances().begin(), m.variances().end()), (Vector{2, 3}));
  EXPECT_TRUE(m.eigenvalues().empty());
  EXPECT_EQ(m.component_covariance(1), (Vector{3, 0, 0, 3}));
  EXPECT_EQ(Mixture::full({1}, {0, 0}, {2, 0, 0, 2.0000001}).shape(), CovarianceShape::full);
  EXPECT_EQ(Mixture::full({1}, {0, 0}, {2, 1e-9, 1e-9, 2}).shape(), CovarianceShape::full);
}

TEST(Mixture, FullAndIsotropicStorageGiveTheSameValues) {
  Mixture const isotropic = Mixture::isotropic({0.3, 0.7}, {0, 0, 1, 1}, {0.2, 0.5});
  double const tiny = 1e-16;  // keeps the second form from becoming the first
  Mixture const full =
      Mixture::full({0.3, 0.7}, {0, 0, 1, 1}, {0.2, tiny, tiny, 0.2, 0.5, tiny, tiny, 0.5});
  ASSERT_EQ(full.shape(), CovarianceShape::full);
  Vector const x{0.4, -1.3};
  Vector a(2), b(2), c(2), d(2);
  auto const one = isotropic.at(level(0.8, 0.6)).evaluate(x, a, b);
  auto const other = full.at(level(0.8, 0.6)).evaluate(x, c, d);
  EXPECT_NEAR(one.log_density, other.log_density, 1e-14);
  EXPECT_NEAR(one.divergence, other.divergence, 1e-14);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(a[i], c[i], 1e-14);
    EXPECT_NEAR(b[i], d[i], 1e-14);
  }
}

TEST(Mixture, EigenbasisGivesTheCovarianceBack) {
  Mixture const m = gaussian_5d().mixture();
  Vector const given = gaussian_5d().covariances;
  for (std::size_t i = 0; i < 5; ++i)
    for (std::size_t j = 0; j < 5; ++j) {
      double sum = 0;
      for (std::size_t l = 0; l < 5; ++l)
        sum += m.eigenvalues()[l] * m.eigenvectors()[l * 5 + i] * m.eigenvectors()[l * 5 + j];
      EXPECT_NEAR(sum, given[i * 5 + j], 1e-14);
    }
}

TEST(Mixture, MeanAndCovarianceAreThoseOfTheWhole) {
  Mixture const m = Mixture::isotropic({0.25, 0.75}, {-3, 1, 1, 1}, {0.5, 2});
  EXPECT_EQ(m.mean(), (Vector{0, 1}));
  // within: 0.25 * 0.5 + 0.75 * 2; between, first coordinate only: 0.25 * 9 + 0.75
  EXPECT_EQ(m.covariance(), (Vector{1.625 + 3, 0, 0, 1.625}));
}

TEST(Mixture, WeightsAreDividedByTheirSum) {
  Mixture const m = Mixture::isotropic({0.25, 0.75 + 8e-10}, {0, 1}, {1, 1});
  EXPECT_DOUBLE_EQ(m.weights()[0] + m.weights()[1], 1);
  EXPECT_NEAR(m.weights()[0], 0.25, 1e-9);
}

struct BadMixture {
  Vector weights, means, covariances;
  std::string part;  // of the message
};

TEST(Mixture, RefusesWhatIsNoMixtureAndNamesTheEntry) {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  double const inf = std::numeric_limits<double>::infinity();
  std::vector<BadMixture> const all{
      {{}, {0}, {1}, "weights are empty"},
      {{1}, {}, {}, "means hold 0 numbers"},
      {{0.5, 0.5}, {0, 1, 2}, {1, 1}, "means hold 3 numbers"},
      {{0.5, 0.5}, {0, 1}, {1}, "covariances hold 1 numbers"},
      {{0.5, 0.4}, {0, 1}, {1, 1}, "weights sum to 0.9"},
      {{0.5, 0.5 + 3e-9}, {0, 1}, {1, 1}, "weights sum to 1.000000003"},
      {{1.5, -0.5}, {0, 1}, {1, 1}, "weights[1] is -0.5"},
      {{1, 0}, {0, 1}, {1, 1}, "weights[1] is 0"},
      {{nan, 1}, {0, 1}, {1, 1}, "weights[0] is nan"},
      {{0.5, 0.5}, {0, 0, inf, 0}, {1, 0, 0, 1, 1, 0, 0, 1}, "means[1][0] is not finite"},
      {{1}, {0, 0}, {1, nan, nan, 1}, "covariances[0][0][1] is not finite"},
      {{0.5, 0.5}, {0, 0, 0, 0}, {1, 0, 0, 1, 1, 0.2, 0.1, 1}, "covariances[1] is not symmetric"},
      {{1}, {0, 0}, {1, 2, 2, 1}, "covariances[0] is not positive definite"},
      {{1}, {0, 0}, {1, 1, 1, 1}, "covariances[0] is not positive definite"},
      {{1}, {0, 0}, {0, 0, 0, 0}, "covariances[0] is not positive definite"},
      {{1}, {0}, {-1}, "covariances[0] is not positive definite"},
  };
  for (BadMixture const& bad : all) try {
      auto const made = Mixture::full(bad.weights, bad.means, bad.covariances);
      ADD_FAILURE() << "accepted: " << bad.part;
    } catch (Error const& e) {
      EXPECT_EQ(e.fault(), Fault::argument);
      EXPECT_NE(std::string(e.what()).find(bad.part), std::string::npos) << e.what();
    }
  EXPECT_THROW((void)Mixture::isotropic({1}, {0}, {0}), Error);
  EXPECT_THROW((void)Mixture::isotropic({1}, {0}, {nan}), Error);
  EXPECT_THROW((void)Mixture::isotropic({1}, {0}, {1, 1}), Error);
}

TEST(Mixture, ForgivesRoundingInTheSymmetry) {
  Mixture const m = Mixture::full({1}, {0, 0}, {1, 0.3, 0.3 + 1e-15, 1});
  EXPECT_EQ(m.component_covariance(0)[1], m.component_covariance(0)[2]);
}

}  // namespace
}  // namespace retrace
