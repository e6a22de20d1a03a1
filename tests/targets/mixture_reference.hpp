// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

/// Gaussian mixtures straight from their formulas, by the inverse and determinant of every
/// covariance and plain sums, in a number type T with enough digits and range for that: the
/// independent reference of the mixture's tests.
template <class T>
struct MixtureReference {
  using Vector = std::vector<T>;
  using Matrix = std::vector<Vector>;

  Vector weights;
  Matrix means;
  std::vector<Matrix> covariances;

  MixtureReference(std::vector<double> const& w, std::vector<double> const& m,
                   std::vector<double> const& c)
      : weights(w.begin(), w.end()) {
    std::size_t const k = w.size(), d = m.size() / k;
    for (std::size_t i = 0; i < k; ++i) {
      means.emplace_back();
      covariances.emplace_back();
      for (std::size_t a = 0; a < d; ++a) {
        means[i].push_back(T(m[i * d + a]));
        covariances[i].emplace_back();
        for (std::size_t b = 0; b < d; ++b) covariances[i][a].push_back(T(c[(i * d + a) * d + b]));
      }
    }
  }

  struct Values {
    T log_density, divergence;
    Vector score, denoised;
  };

  /// What does not depend on the point: alpha, and inverse and w / sqrt(det 2 pi S) of every
  /// component.
  struct Level {
    T alpha;
    std::vector<Matrix> inverse;
    Vector factor;
  };

  Level level(T const& alpha, T const& sigma) const {
    using std::sqrt;
    Level made{alpha, {}, {}};
    for (std::size_t k = 0; k < weights.size(); ++k) {
      Matrix s = covariances[k];
      for (std::size_t i = 0; i < s.size(); ++i)
        for (std::size_t j = 0; j < s.size(); ++j)
          s[i][j] = alpha * alpha * s[i][j] + (i == j ? sigma * sigma : T(0));
      T det = 1;
      made.inverse.push_back(inverted(s, det));
      made.factor.push_back(weights[k] / sqrt(det));
      for (std::size_t i = 0; i < s.size(); ++i) made.factor[k] /= sqrt(8 * atan_one());
    }
    return made;
  }

  Values at(T const& alpha, T const& sigma, std::vector<T> const& x) const {
    return at(level(alpha, sigma), x);
  }

  Values at(Level const& level, std::vector<T> const& x) const {
    using std::exp, std::log;
    std::size_t const d = x.size();
    T const& alpha = level.alpha;
    T total = 0, squares = 0;
    Values v{0, 0, Vector(d, T(0)), Vector(d, T(0))};
    Vector forms;
    Matrix scores;  // every component's own
    for (std::size_t k = 0; k < weights.size(); ++k) {
      Vector away(d), own(d, T(0));
      for (std::size_t i = 0; i < d; ++i) away[i] = x[i] - alpha * means[k][i];
      T form = 0;
      for (std::size_t i = 0; i < d; ++i) {
        for (std::size_t j = 0; j < d; ++j) own[i] -= level.inverse[k][i][j] * away[j];
        form -= own[i] * away[i];
      }
      forms.push_back(form);
      scores.push_back(own);
    }
    T const least = *std::min_element(forms.begin(), forms.end());
    for (std::size_t k = 0; k < weights.size(); ++k) {
      T const& form = forms[k];
      if (form > least + 300) continue;  // e^-150 of another, 1e-65: not in 50 digits
      Vector const& own = scores[k];
      T trace = 0, square = 0;
      for (std::size_t i = 0; i < d; ++i) {
        trace += level.inverse[k][i][i];
        square += own[i] * own[i];
      }
      T const p = level.factor[k] * exp(-form / 2);
      total += p;
      v.divergence += p * (square - trace);
      for (std::size_t i = 0; i < d; ++i) {
        T state = means[k][i];
        for (std::size_t j = 0; j < d; ++j) state -= alpha * covariances[k][i][j] * own[j];
        v.score[i] += p * own[i];
        v.denoised[i] += p * state;
      }
    }
    for (std::size_t i = 0; i < d; ++i) {
      v.score[i] /= total;
      v.denoised[i] /= total;
      squares += v.score[i] * v.score[i];
    }
    v.divergence = v.divergence / total - squares;
    v.log_density = log(total);
    return v;
  }

 private:
  static T atan_one() {
    using std::atan;
    return atan(T(1));
  }

  /// Gauss-Jordan with pivots from the diagonal, which positive definite matrices allow.
  static Matrix inverted(Matrix a, T& det) {
    std::size_t const d = a.size();
    Matrix inverse(d, Vector(d, T(0)));
    for (std::size_t i = 0; i < d; ++i) inverse[i][i] = 1;
    for (std::size_t i = 0; i < d; ++i) {
      T const pivot = a[i][i];
      det *= pivot;
      for (std::size_t j = 0; j < d; ++j) {
        a[i][j] /= pivot;
        inverse[i][j] /= pivot;
      }
      for (std::size_t r = 0; r < d; ++r) {
        if (r == i) continue;
        T const factor = a[r][i];
        for (std::size_t j = 0; j < d; ++j) {
          a[r][j] -= factor * a[i][j];
          inverse[r][j] -= factor * inverse[i][j];
        }
      }
    }
    return inverse;
  }
};
