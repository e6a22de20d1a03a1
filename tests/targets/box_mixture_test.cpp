// SPDX-License-Identifier: Apache-2.0
#include "box_reference.hpp"
#include "example_mixtures.hpp"

#include <retrace/targets/checkerboard.hpp>
#include <retrace/targets/target.hpp>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <gtest/gtest.h>
#include <support/boxes.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace retrace {
namespace {

using Wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<50>,
                                           boost::multiprecision::et_off>;
using Vector = std::vector<double>;

TEST(BoxMixture, RefusesWhatIsNone) {
  auto const message = [](Vector const& w, Vector const& low, Vector const& high) {
    return testing::argument_error([&] { (void)BoxMixture(w, low, high); });
  };
  double const nan = std::nan("");
  EXPECT_TRUE(testing::contains(message({}, {}, {}), "weights are empty"));
  EXPECT_TRUE(testing::contains(message({0.5, 0.4}, {0, 1}, {1, 2}), "weights sum to 0.9"));
  EXPECT_TRUE(testing::contains(message({0.5, 0.5}, {0, 1, 2}, {1, 2, 3}), "low holds 3 numbers"));
  EXPECT_TRUE(testing::contains(message({1}, {0, 1}, {1}), "high holds 1 numbers"));
  EXPECT_TRUE(testing::contains(message({1}, {0, nan}, {1, 2}), "low[0][1] is not finite"));
  EXPECT_TRUE(testing::contains(message({1}, {0, 1}, {1, 1}), "high[0][1] is 1"));
  EXPECT_EQ(message({1}, {0, 1}, {1, 2}), "");
}

TEST(BoxMixture, KnowsItsMoments) {
  BoxMixture const m({0.25, 0.75}, {0, 0, 2, -1}, {1, 2, 4, 1});
  EXPECT_EQ(m.mean(), (Vector{0.25 * 0.5 + 0.75 * 3, 0.25}));
  Vector const c = m.covariance();
  EXPECT_NEAR(c[0], 0.25 / 12 + 0.75 * 4 / 12 + 0.25 * 0.75 * 2.5 * 2.5, 1e-15);
  EXPECT_NEAR(c[1], -0.25 * 0.75 * 2.5, 1e-15);
  EXPECT_EQ(c[1], c[2]);
  EXPECT_NEAR(checkerboard{}().covariance()[0], 64.0 / 12, 1e-14);
}

TEST(BoxMixture, ReferenceScoreIsTheGradientAndDivergenceTheLaplacianOfItsLogDensity) {
  BoxMixture const m = testing::scattered_boxes(2);
  BoxReference<Wide> const reference{{m.weights().begin(), m.weights().end()},
                                     {m.low().begin(), m.low().end()},
                                     {m.high().begin(), m.high().end()}};
  Wide const alpha = 0.7, sigma = 0.4, h = 1e-12;
  std::vector<Wide> const x{0.37, 0.9};
  auto const here = reference.at(alpha, sigma, x);
  Wide laplacian = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto above = x, below = x;
    above[i] += h;
    below[i] -= h;
    Wide const up = reference.at(alpha, sigma, above).log_density;
    Wide const down = reference.at(alpha, sigma, below).log_density;
    EXPECT_LT(static_cast<double>(Wide(abs((up - down) / (2 * h) - here.score[i]))), 1e-18);
    laplacian += (up - 2 * here.log_density + down) / (h * h);
  }
  EXPECT_LT(static_cast<double>(Wide(abs(laplacian - here.divergence))), 1e-17);
}

/// Overlapping, nested and very narrow boxes, from 1e-4 to 100 sigmas wide.
double largest_error(double fault) {
  double largest = 0;
  for (int const d : {1, 2, 3}) {
    BoxMixture const m = testing::scattered_boxes(d);
    BoxReference<Wide> const reference{{m.weights().begin(), m.weights().end()},
                                       {m.low().begin(), m.low().end()},
                                       {m.high().begin(), m.high().end()}};
    for (NoiseLevel const& s :
         {level(1, 0.05), level(0.8, 0.6), level(1, 3), level(1, 50), level(0.0065719, 1)})
      for (int i = 0; i < 40; ++i) {
        Vector x(static_cast<std::size_t>(d)), score(x.size()), state(x.size());
        m.draw(s, 5, i, x);
        for (double& v : x) v *= i % 4 == 3 ? 40 : 1;
        DensityValues const found = m.at(s).evaluate(x, score, state);
        auto const right = reference.at(Wide(s.alpha()), Wide(s.sigma()), {x.begin(), x.end()});
        auto const keep = [&](double value, Wide const& exact, double least) {
          Wide const error = abs(value - exact) / fmax(abs(exact), Wide(least));
          if (isnan(error) || error > Wide(largest)) largest = static_cast<double>(error);
        };
        keep(found.log_density, right.log_density, 1);
        keep(found.divergence, right.divergence, 1 / s.sigma() / s.sigma());
        for (std::size_t j = 0; j < x.size(); ++j) {
          keep(score[j] * (1 + fault), right.score[j], 1 / s.sigma());
          keep(state[j], right.denoised[j], 1);
        }
      }
  }
  return largest;
}

TEST(BoxMixtureAtLevel, AgreesWithTheFormulasInFiftyDigitsUpToFortySpreads) {
  EXPECT_LE(largest_error(0), 1e-8);
  EXPECT_GT(largest_error(3e-8), 1e-8);
}

TEST(BoxMixtureAtLevel, AtTheCleanLevelIsTheData) {
  BoxMixtureAtLevel const law = checkerboard{}().at(NoiseLevel::clean(0));
  Vector score(2), state(2);
  DensityValues const inside = law.evaluate(Vector{0.5, 0.5}, score, state);
  EXPECT_NEAR(inside.log_density, -std::log(32), 1e-15);
  EXPECT_EQ(inside.divergence, 0);
  EXPECT_EQ(score, (Vector{0, 0}));
  EXPECT_EQ(state, (Vector{0.5, 0.5}));
  EXPECT_NEAR(law.log_density(Vector{0, 0}), -std::log(32), 1e-15);  // a corner of four squares
  DensityValues const outside = law.evaluate(Vector{-0.5, 0.5}, score, state);
  EXPECT_EQ(outside.log_density, -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(outside.divergence) && std::isnan(score[0]));
  EXPECT_EQ(state, (Vector{-0.5, 0.5}));
}

TEST(BoxMixtureAtLevel, DenoisedIsTheMeanWhereNoSignalIsLeft) {
  BoxMixture const m = testing::scattered_boxes(3);
  Vector state(3);
  m.at(level(0, 1)).denoised(Vector{2.5, -1, 0}, state);
  for (std::size_t j = 0; j < 3; ++j) EXPECT_NEAR(state[j], m.mean()[j], 1e-15);
}

/// Chi squared, as a normal score, of how many of n draws fall into each quarter of each box.
double frequency_score(BoxMixture const& drawn, BoxMixture const& expected) {
  constexpr std::int64_t n = 200'000;
  auto const boxes = static_cast<std::size_t>(expected.boxes());
  Vector counts(4 * boxes);
  double lost = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    Vector x(2);
    drawn.draw(11, i, x);
    bool found = false;
    for (std::size_t k = 0; k < boxes && !found; ++k) {
      double u[2];
      for (std::size_t j = 0; j < 2; ++j)
        u[j] = (x[j] - expected.low()[2 * k + j]) /
               (expected.high()[2 * k + j] - expected.low()[2 * k + j]);
      found = u[0] >= 0 && u[0] < 1 && u[1] >= 0 && u[1] < 1;
      if (found) ++counts[4 * k + (u[0] < 0.5 ? 0 : 1) + (u[1] < 0.5 ? 0 : 2)];
    }
    lost += found ? 0 : 1;
  }
  double square = 0;
  for (std::size_t c = 0; c < counts.size(); ++c) {
    double const mean = static_cast<double>(n) * expected.weights()[c / 4] / 4;
    square += (counts[c] - mean) * (counts[c] - mean) / mean;
  }
  // Wilson and Hilferty's cube root
  double const freedom = static_cast<double>(counts.size()) - 1, ninth = 2 / (9 * freedom);
  double const score = (std::cbrt(square / freedom) - (1 - ninth)) / std::sqrt(ninth);
  return lost > 0 ? std::numeric_limits<double>::infinity() : score;
}

TEST(BoxMixtureDraw, FillsEveryBoxEvenly) {
  BoxMixture const board = checkerboard{}();
  EXPECT_LT(frequency_score(board, board), 4.76);  // level 1e-6, one-sided
  Vector weights(8, 0.125);
  weights[0] += 0.005;
  weights[7] -= 0.005;
  BoxMixture const other(weights, {board.low().begin(), board.low().end()},
                         {board.high().begin(), board.high().end()});
  EXPECT_GT(frequency_score(other, board), 4.76);
  EXPECT_LT(frequency_score(other, other), 4.76);
}

TEST(BoxMixtureDraw, NoiseIsAddedToTheSampleOfTheData) {
  BoxMixture const m = checkerboard{}();
  Vector clean(2), data(2), noisy(2), doubled(2);
  for (std::int64_t i = 0; i < 100; ++i) {
    m.draw(7, i, data);
    m.draw(NoiseLevel::clean(0), 7, i, clean);
    EXPECT_EQ(clean, data);
    m.draw(level(1, 0.5), 7, i, noisy);
    m.draw(level(1, 1), 7, i, doubled);
    for (std::size_t j = 0; j < 2; ++j)
      EXPECT_NEAR(2 * (noisy[j] - data[j]), doubled[j] - data[j], 1e-14);
  }
}

}  // namespace
}  // namespace retrace
