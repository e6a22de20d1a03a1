// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/piecewise_polynomial.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace retrace {
namespace {

using Function = std::function<void(double, std::span<double>)>;
constexpr auto terms = static_cast<std::size_t>(PiecewisePolynomial::terms);
constexpr double tolerance = 1e-13;

double chebyshev_point(double number) {
  return -std::cos((number + 0.5) * std::numbers::pi / static_cast<double>(terms));
}

/// [power][point]: what the values at the points count in each coefficient, lowest power first; by
/// the discrete orthogonality of T_0 .. T_7 and their recurrence.
std::array<std::array<double, terms>, terms> inverse() {
  std::array<std::array<double, terms>, terms> weights{};
  std::array<double, terms> before{}, now{};
  now[0] = 1;
  for (std::size_t k = 0; k < terms; ++k) {
    for (std::size_t j = 0; j < terms; ++j) {
      double const along =
          std::cos(static_cast<double>(k) * std::acos(chebyshev_point(static_cast<double>(j))));
      double const count = (k == 0 ? 1.0 : 2.0) / static_cast<double>(terms) * along;
      for (std::size_t power = 0; power < terms; ++power) weights[power][j] += count * now[power];
    }
    std::array<double, terms> next{};
    for (std::size_t power = 0; power < terms; ++power) {
      if (power > 0) next[power] = (k == 0 ? 1 : 2) * now[power - 1];
      if (k > 0) next[power] -= before[power];
    }
    before = now;
    now = next;
  }
  return weights;
}

PiecewisePolynomial on_pieces(Function const& f, int functions, double from, double to,
                              int pieces) {
  static auto const weights = inverse();
  auto const count = static_cast<std::size_t>(functions);
  PiecewisePolynomial table{
      .from = from, .width = (to - from) / pieces, .pieces = pieces, .functions = functions};
  std::vector<double> values(terms * count);
  for (int piece = 0; piece < pieces; ++piece) {
    for (std::size_t j = 0; j < terms; ++j)
      f(from + table.width * (piece + 0.5 * (1 + chebyshev_point(static_cast<double>(j)))),
        std::span(values).subspan(j * count, count));
    for (std::size_t i = 0; i < count; ++i)
      for (std::size_t power = terms; power-- > 0;) {
        double sum = 0;
        for (std::size_t j = 0; j < terms; ++j) sum += weights[power][j] * values[j * count + i];
        table.coefficients.push_back(sum);
      }
  }
  return table;
}

bool is_good(PiecewisePolynomial const& table, Function const& f) {
  PiecewiseTile<double> const tile{table.coefficients.data(), table.from, 1 / table.width,
                                   table.pieces, table.functions};
  std::vector<double> exact(static_cast<std::size_t>(table.functions));
  for (int piece = 0; piece < table.pieces; ++piece)
    for (double j = 0.5; j < static_cast<double>(terms) - 1; ++j) {
      double const x = table.from + table.width * (piece + 0.5 * (1 + chebyshev_point(j)));
      f(x, exact);
      bool good = true;
      tile.evaluate(x, [&](int i, double value) {
        double const expected = exact[static_cast<std::size_t>(i)];
        good = good && std::abs(value - expected) <= tolerance * std::max(1.0, std::abs(expected));
      });
      if (!good) return false;
    }
  return true;
}

}  // namespace

PiecewisePolynomial interpolate(Function const& f, int functions, double from, double to) {
  constexpr int fewest = 16, most = 1 << 14;
  for (int pieces = fewest;; pieces *= 2) {
    PiecewisePolynomial table = on_pieces(f, functions, from, to, pieces);
    if (pieces == most || is_good(table, f)) return table;
  }
}

}  // namespace retrace
