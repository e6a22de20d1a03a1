// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/models/score_error.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

/// The kinds of ScoreError. `size` means the same for all of them: the root mean square of a
/// component of e(y), for `bias` exactly, for `field` over all of space, for `low_rank` where y has
/// unit covariance. Relative errors of size 0.1 are 10 % of the noise that a model predicts.
/// Constants come from Purpose::score_error of `seed`, sample j for term j: amplitude, U from key
/// {0, 0}, frequency, V from {0, 1}, phase from {0, 2}.
namespace retrace::score_errors {

/// What every kind says of itself.
struct KindInfo {
  std::string_view name;
  std::string_view summary;
};

/// The same vector everywhere, of length size sqrt(d); its direction is drawn.
struct bias {
  static constexpr KindInfo info{.name = "bias", .summary = "the same vector everywhere"};
  [[nodiscard]] static std::vector<Option<bias>> options();
  double size = 0.1;
  ErrorScale scale = ErrorScale::relative;
  std::int64_t seed = 0;
  [[nodiscard]] ErrorTerms terms(int dimension) const;
};

/// A fixed smooth random vector field, about Gaussian with kernel size^2 exp(-|y - y'|^2 / (2
/// length^2)): random Fourier features (Rahimi and Recht 2007, algorithm 1),
///   e(y) = size sqrt(2 / m) sum_j a_j cos(omega_j . y / length + phi_j),
/// m features, omega and a standard normal, phi uniform. Departure: the a_j of each component are
/// scaled to a mean square of 1, so that `size` is met exactly and not on average over seeds.
struct field {
  static constexpr KindInfo info{.name = "field", .summary = "a fixed smooth random field"};
  [[nodiscard]] static std::vector<Option<field>> options();
  double size = 0.1;
  ErrorScale scale = ErrorScale::relative;
  double length = 1;
  std::int64_t features = 32;
  std::int64_t seed = 0;
  [[nodiscard]] ErrorTerms terms(int dimension) const;
};

/// e(y) = size sqrt(d / r) U V^T y, with U and V of r = `rank` orthonormal columns each, drawn by
/// Gram and Schmidt from normals.
struct low_rank {
  static constexpr KindInfo info{.name = "low-rank",
                                 .summary = "a linear map of low rank between random subspaces"};
  [[nodiscard]] static std::vector<Option<low_rank>> options();
  double size = 0.1;
  ErrorScale scale = ErrorScale::relative;
  std::int64_t rank = 1;
  std::int64_t seed = 0;
  [[nodiscard]] ErrorTerms terms(int dimension) const;
};

}  // namespace retrace::score_errors
