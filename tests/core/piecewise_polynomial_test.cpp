// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/piecewise_polynomial.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace retrace {
namespace {

template <class T>
double largest_error(PiecewisePolynomial const& table) {
  std::vector<T> const coefficients(table.coefficients.begin(), table.coefficients.end());
  PiecewiseTile<T> const tile{coefficients.data(), static_cast<T>(table.from),
                              static_cast<T>(1 / table.width), table.pieces, table.functions};
  double largest = 0;
  for (double x = -2; x <= 3; x += 0.0137)
    tile.evaluate(static_cast<T>(x), [&](int i, T value) {
      double const at = static_cast<double>(static_cast<T>(x));
      double const expected = i == 0 ? std::sin(7 * at) : std::exp(at);
      largest = std::max(largest, std::abs(static_cast<double>(value) - expected));
    });
  return largest;
}

void sine_and_exp(double x, std::span<double> values) {
  values[0] = std::sin(7 * x);
  values[1] = std::exp(x);
}

TEST(PiecewisePolynomial, IsTheFunctionsItWasMadeOf) {
  auto const table = interpolate(sine_and_exp, 2, -2, 3);
  EXPECT_LT(largest_error<double>(table), 2e-12);
  EXPECT_LT(largest_error<float>(table), 1e-4);
  EXPECT_GT(largest_error<float>(table), 1e-9);  // the control
}

TEST(PiecewisePolynomial, TakesMorePiecesWhereFunctionsAreRougher) {
  auto const rough = [](double x, std::span<double> values) { values[0] = std::sin(200 * x); };
  EXPECT_GT(interpolate(rough, 1, -2, 3).pieces, interpolate(sine_and_exp, 2, -2, 3).pieces);
}

TEST(PiecewisePolynomial, KeepsNaNs) {
  auto const table = interpolate(sine_and_exp, 2, -2, 3);
  PiecewiseTile<double> const tile{table.coefficients.data(), table.from, 1 / table.width,
                                   table.pieces, table.functions};
  tile.evaluate(std::nan(""), [](int, double value) { EXPECT_TRUE(std::isnan(value)); });
}

}  // namespace
}  // namespace retrace
