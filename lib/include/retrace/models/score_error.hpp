// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/core/registry.hpp>

#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace {

/// What a score error is a multiple of. At every level y = x / sqrt(alpha^2 + sigma^2), which has
/// about unit variance where the data have.
enum class ErrorScale {
  relative,  ///< the score is off by e(y) / sigma, hence the predicted noise by -e(y): the same
             ///< relative error at every level, since E|epsilon|^2 = d
  absolute   ///< the score is off by e(y)
};

/// What the terms of an error are made of.
enum class ErrorForm {
  constant,  ///< 1
  waves,     ///< cos(2 pi (phase + frequency . y))
  linear     ///< frequency . y
};

/// e(y) = sum_j amplitude_j term_j(y) in some dimension d; `rows` is [terms][1 + 2 d]: phase,
/// frequency, amplitude.
struct ErrorTerms {
  ErrorForm form;
  std::vector<double> rows;
};

/// A planted error of a score model: any of the kinds in score_errors.hpp. A value. What is random
/// in it is a pure function of its own seed and the dimension, never of the seed of a run.
class ScoreError {
 public:
  template <class Kind>
  requires requires(Kind const& k, int d) {
    { k.terms(d) } -> std::same_as<ErrorTerms>;
    { k.scale } -> std::convertible_to<ErrorScale>;
  }
  ScoreError(Kind const& kind)
      : scale_(kind.scale), terms_([kind](int dimension) { return kind.terms(dimension); }) {}

  [[nodiscard]] ErrorScale scale() const { return scale_; }
  /// Throws Error (argument) where the kind does not fit the dimension.
  [[nodiscard]] ErrorTerms terms(int dimension) const { return terms_(dimension); }

 private:
  ErrorScale scale_;
  std::function<ErrorTerms(int)> terms_;
};

/// A ScoreError in a known dimension, its constants drawn. A value; copies share them. Host only,
/// double only; kernels take the same numbers (score_error_tile.hpp).
class ScoreErrorField {
 public:
  /// Throws Error (argument) where the error does not fit the dimension.
  ScoreErrorField(ScoreError const& error, int dimension);

  /// The error of the score at x, [d], and its divergence in x. Throws Error (argument) for a
  /// relative error at sigma = 0. Calls may run in parallel.
  double evaluate(std::span<double const> x, NoiseLevel const& level,
                  std::span<double> error) const {
    return evaluate(x, level, error, {}, {});
  }
  /// The same, and the Jacobian of the error times each of the tangents [n][d] to `products`.
  double evaluate(std::span<double const> x, NoiseLevel const& level, std::span<double> error,
                  std::span<double const> tangents, std::span<double> products) const;

  [[nodiscard]] int dimension() const { return dimension_; }
  [[nodiscard]] ErrorScale scale() const { return scale_; }
  [[nodiscard]] ErrorForm form() const { return terms_->form; }
  [[nodiscard]] std::span<double const> rows() const { return terms_->rows; }
  [[nodiscard]] int terms() const;
  /// y = shrink(level) x.
  [[nodiscard]] static double shrink(NoiseLevel const& level);

 private:
  int dimension_;
  ErrorScale scale_;
  std::shared_ptr<ErrorTerms const> terms_;
};

/// All kinds of score errors that have a name.
[[nodiscard]] std::vector<Entry<ScoreError>> const& score_error_kinds();

/// The score error `kind:key=value,...`. Throws Error (argument) for unknown kinds and options and
/// for values out of range.
[[nodiscard]] ScoreError make_score_error(std::string_view text);

}  // namespace retrace
