// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/simd.hpp>

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace retrace {

/// Smooth functions of one variable as polynomials on pieces of equal width, for kernels that
/// cannot call them.
struct PiecewisePolynomial {
  static constexpr int terms = 8;  ///< degree 7

  double from = 0, width = 1;  ///< of the first piece
  int pieces = 0, functions = 0;
  /// [piece][function][power], of u in [-1, 1] across the piece, highest power first.
  std::vector<double> coefficients = {};
};

/// f(x, values) writes all functions at x. Interpolates at Chebyshev points, which leave out the
/// ends, on as many pieces, up to 2^14, as it takes for errors below 1e-13 max(1, |value|) where
/// they are looked for, half-way between the points.
[[nodiscard]] PiecewisePolynomial interpolate(
    std::function<void(double, std::span<double>)> const& f, int functions, double from, double to);

/// The same in kernels, its coefficients where they run. Beyond the ends the last polynomial goes
/// on.
template <class T>
struct PiecewiseTile {
  T const* coefficients;
  T from, per_width;
  int pieces, functions;

  /// set(i, value of function i at x)
  template <class Set>
  RETRACE_INLINE void evaluate(T x, Set const& set) const {
    T const at = (x - from) * per_width;
    int const last = pieces - 1;
    int const piece = at > 0 ? (at < static_cast<T>(last) ? static_cast<int>(at) : last) : 0;
    T const u = simd::fma(T(2), at - static_cast<T>(piece), T(-1));
    T const* row =
        coefficients + static_cast<std::int64_t>(piece) * functions * PiecewisePolynomial::terms;
    for (int i = 0; i < functions; ++i, row += PiecewisePolynomial::terms) {
      T value = row[0];
      for (int k = 1; k < PiecewisePolynomial::terms; ++k) value = simd::fma(value, u, row[k]);
      set(i, value);
    }
  }
};

}  // namespace retrace
