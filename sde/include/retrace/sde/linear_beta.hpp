// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/sde/check_increasing.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// The drift that vp and sub-vp share: f = -beta / 2 with beta(t) = beta_min + t (beta_max -
/// beta_min), t in [0, 1].
struct LinearBeta {
  double beta_min, beta_max;

  [[nodiscard]] double f(double t) const { return -(beta_min + t * (beta_max - beta_min)) / 2; }
  [[nodiscard]] double log_alpha(double t) const {
    return -t * (beta_min / 2 + t * (beta_max - beta_min) / 4);
  }
  /// The root t >= 0 of log_alpha(t) = a, in the form that does not cancel for small t.
  [[nodiscard]] double t_of_log_alpha(double a) const {
    double const b = beta_min / 2;
    return -2 * a / (b + std::sqrt(b * b - (beta_max - beta_min) * a));
  }

  void check() const { check_increasing("beta_min", beta_min, "beta_max", beta_max); }

  template <class S>
  [[nodiscard]] static std::vector<Option<S>> options() {
    return {real_option("beta_min", &S::beta_min, Range::positive(), "beta at t = 0"),
            real_option("beta_max", &S::beta_max, Range::positive(),
                        "beta at t = 1, greater than beta_min")};
  }
};

}  // namespace retrace
