// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <support/exact_erfcx.hpp>

#include <cstddef>
#include <vector>

/// Mixtures of boxes straight from their formulas: products of differences of normal distribution
/// functions, their derivatives in x, and plain sums, in a number type T with enough digits and
/// range for that. The independent reference of the tests of boxes: it knows no logarithms,
/// expansions or shared intervals.
template <class T>
struct BoxReference {
  std::vector<double> weights, low, high;

  struct Values {
    T log_density, divergence;
    std::vector<T> score, denoised;
  };

  Values at(T const& alpha, T const& sigma, std::vector<T> const& x) const {
    std::size_t const d = x.size();
    T density = 0, laplacian = 0, square = 0;
    std::vector<T> slope(d, T(0));
    for (std::size_t k = 0; k < weights.size(); ++k) {
      std::vector<Factor> factors;
      for (std::size_t j = 0; j < d; ++j)
        factors.emplace_back(x[j], alpha, sigma, T(low[k * d + j]), T(high[k * d + j]));
      T p = weights[k];
      for (Factor const& f : factors) p *= f.value;
      density += p;
      for (std::size_t j = 0; j < d; ++j) {
        slope[j] += p * factors[j].slope / factors[j].value;
        laplacian += p * factors[j].curvature / factors[j].value;
      }
    }
    Values v{log(density), 0, {}, {}};
    for (std::size_t j = 0; j < d; ++j) {
      v.score.push_back(slope[j] / density);
      square += v.score[j] * v.score[j];
      v.denoised.push_back((x[j] + sigma * sigma * v.score[j]) / alpha);  // Tweedie's formula
    }
    v.divergence = laplacian / density - square;
    return v;
  }

 private:
  /// (Phi(u) - Phi(v)) / (alpha (b - a)) and its derivatives in x.
  struct Factor {
    T value, slope, curvature;

    Factor(T const& x, T const& alpha, T const& sigma, T const& a, T const& b) {
      static T const root_2_pi = sqrt(8 * atan(T(1)));
      T const u = (x - alpha * a) / sigma, v = (x - alpha * b) / sigma, size = alpha * (b - a);
      T const at_u = exp(-u * u / 2) / root_2_pi, at_v = exp(-v * v / 2) / root_2_pi;
      T const beyond_u = beyond(u), beyond_v = beyond(v);
      if (v > 0)
        value = (beyond_v - beyond_u) / size;
      else if (u < 0)
        value = (beyond_u - beyond_v) / size;
      else
        value = (1 - beyond_u - beyond_v) / size;
      slope = (at_u - at_v) / (sigma * size);
      curvature = (v * at_v - u * at_u) / (sigma * sigma * size);
    }

    /// 1 - Phi(|y|)
    static T beyond(T const& y) {
      T const r = abs(y) / sqrt(T(2));
      return exp(-r * r) * retrace::testing::exact_erfcx(r) / 2;
    }
  };
};
