// SPDX-License-Identifier: Apache-2.0
#include "box_reference.hpp"
#include "example_mixtures.hpp"

#include <retrace/targets/target.hpp>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <gtest/gtest.h>
#include <support/boxes.hpp>

#include <cmath>
#include <cstddef>
#include <functional>
#include <vector>

// The score's Jacobian along directions, against differences of the formulas' score in 50 digits.

namespace retrace {
namespace {

using Wide = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<50>,
                                           boost::multiprecision::et_off>;
using Vector = std::vector<double>;
using WideVector = std::vector<Wide>;
/// The score in 50 digits at a level.
using WideScore = std::function<WideVector(WideVector const&)>;

/// Draws of p_t, every fourth of them 40 times as far out.
std::vector<Vector> points(Target const& target, NoiseLevel const& s) {
  std::vector<Vector> all;
  for (int i = 0; i < 12; ++i) {
    all.emplace_back(static_cast<std::size_t>(target.dimension()));
    target.draw(s, 5, i, all.back());
    for (double& x : all.back()) x *= i % 4 == 3 ? 40 : 1;
  }
  return all;
}

/// d unit vectors and one direction between them.
Vector directions(std::size_t d) {
  Vector all(d * d);
  for (std::size_t i = 0; i < d; ++i) all[i * d + i] = 1;
  for (std::size_t i = 0; i < d; ++i) all.push_back(std::cos(1 + 2.3 * static_cast<double>(i)));
  return all;
}

WideVector slope(WideScore const& score, Vector const& x, std::span<double const> e) {
  Wide const h = 1e-15;
  WideVector above(x.begin(), x.end()), below = above;
  for (std::size_t i = 0; i < x.size(); ++i) {
    above[i] += h * e[i];
    below[i] -= h * e[i];
  }
  WideVector up = score(above), down = score(below);
  for (std::size_t i = 0; i < x.size(); ++i) up[i] = (up[i] - down[i]) / (2 * h);
  return up;
}

/// The largest error relative to the entry or to 1 / sigma^2; of the trace relative to the
/// divergence. `fault` is a relative error planted in the products.
struct Errors {
  double products = 0, trace = 0;
};

void keep_largest(double& largest, double value) {
  if (std::isnan(value) || value > largest) largest = value;  // a NaN stays
}

void compare(Target const& target, NoiseLevel const& s, WideScore const& exact, double fault,
             Errors& largest) {
  auto const d = static_cast<std::size_t>(target.dimension());
  double const unit = 1 / (s.sigma() * s.sigma());
  Vector const tangents = directions(d);
  for (Vector const& x : points(target, s)) {
    Vector products(tangents.size()), alone(d);
    double const divergence =
        target.at(s).evaluate(x, {}, {}, {.tangents = tangents, .products = products}).divergence;
    double trace = 0;
    for (std::size_t row = 0; row <= d; ++row) {
      auto const e = std::span(tangents).subspan(row * d, d);
      WideVector const right = slope(exact, x, e);
      for (std::size_t i = 0; i < d; ++i) {
        Wide const found = products[row * d + i] * (1 + fault);
        keep_largest(largest.products, static_cast<double>(Wide(abs(found - right[i]) /
                                                                fmax(Wide(unit), abs(right[i])))));
      }
      if (row < d) trace += products[row * d + row];
      target.at(s).hessian_products(x, e, alone);
      EXPECT_EQ(alone, Vector(&products[row * d], &products[row * d] + d));
    }
    keep_largest(largest.trace,
                 std::abs(trace - divergence) / std::fmax(unit, std::abs(divergence)));
  }
}

Errors errors_of_mixtures(double fault = 0) {
  Errors largest;
  for (MixtureNumbers const& numbers : example_mixtures()) {
    auto const reference = numbers.reference<Wide>();
    for (NoiseLevel const& s : example_levels()) {
      if (s.sigma() == 0) continue;
      auto const exact = reference.level(Wide(s.alpha()), Wide(s.sigma()));
      compare(
          numbers.mixture(), s, [&](WideVector const& x) { return reference.at(exact, x).score; },
          fault, largest);
    }
  }
  return largest;
}

Errors errors_of_boxes(double fault = 0) {
  Errors largest;
  for (int const d : {1, 2, 3}) {
    BoxMixture const boxes = testing::scattered_boxes(d);
    BoxReference<Wide> const reference{{boxes.weights().begin(), boxes.weights().end()},
                                       {boxes.low().begin(), boxes.low().end()},
                                       {boxes.high().begin(), boxes.high().end()}};
    for (NoiseLevel const& s :
         {level(1, 0.05), level(0.8, 0.6), level(1, 3), level(1, 50), level(0.0065719, 1)})
      compare(
          boxes, s,
          [&](WideVector const& x) {
            return reference.at(Wide(s.alpha()), Wide(s.sigma()), x).score;
          },
          fault, largest);
  }
  return largest;
}

TEST(Hessian, OfAMixtureIsTheSlopeOfItsScoreInFiftyDigitsUpToFortySpreads) {
  Errors const errors = errors_of_mixtures();
  EXPECT_LE(errors.products, 1e-11);
  EXPECT_LE(errors.trace, 1e-13);
}

TEST(Hessian, OfBoxesIsTheSlopeOfTheirScoreInFiftyDigitsUpToFortySpreads) {
  Errors const errors = errors_of_boxes();
  EXPECT_LE(errors.products, 1e-8);  // what their divergence loses (box_mixture.hpp)
  EXPECT_LE(errors.trace, 1e-13);
}

TEST(Hessian, ComparisonSeesItsDigits) {
  EXPECT_GT(errors_of_mixtures(3e-11).products, 1e-11);
  EXPECT_GT(errors_of_boxes(3e-8).products, 1e-8);
}

TEST(Hessian, IsZeroWithinBoxesAndNowhereElseAtTheCleanLevel) {
  Target const boxes = BoxMixture({1}, {0, 0}, {1, 2});
  NoiseLevel const clean = NoiseLevel::clean(0);
  Vector const e{0.3, -1};
  Vector product(2);
  boxes.at(clean).hessian_products(Vector{0.5, 0.5}, e, product);
  EXPECT_EQ(product, (Vector{0, 0}));
  boxes.at(clean).hessian_products(Vector{0.5, 3}, e, product);
  EXPECT_TRUE(std::isnan(product[0]) && std::isnan(product[1]));
}

}  // namespace
}  // namespace retrace
