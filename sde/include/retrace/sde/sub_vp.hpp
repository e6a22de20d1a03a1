// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/linear_beta.hpp>
#include <retrace/sde/sde.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// The sub-VP SDE: alpha and drift of vp, sigma = 1 - alpha^2, so that g^2 = beta (1 - alpha^4)
/// (Song et al. 2021, eq. 12).
struct sub_vp {
  static constexpr SdeInfo info{
      .name = "sub-vp",
      .summary = "drift of vp with a smaller variance, sigma = 1 - alpha^2",
      .paper = "Song et al. 2021, arXiv:2011.13456, eq. 12"};

  double beta_min = 0.1;
  double beta_max = 20;

  [[nodiscard]] static std::vector<Option<sub_vp>> options() {
    return LinearBeta::options<sub_vp>();
  }
  void check() const { beta().check(); }

  [[nodiscard]] LevelValues at(double t) const {
    double const log_alpha = beta().log_alpha(t);
    double const f = beta().f(t);
    double const alpha = std::exp(log_alpha);
    double const sigma = -std::expm1(2 * log_alpha);
    double const sigma_rate = -2 * f * alpha * alpha;
    return {.t = t,
            .log_alpha = log_alpha,
            .log_sigma = std::log(sigma),
            .alpha = alpha,
            .sigma = sigma,
            .alpha_rate = f * alpha,
            .sigma_rate = sigma_rate,
            .variance_rate = 2 * sigma * sigma_rate};
  }
  /// sigma / alpha = 1 / alpha - alpha = 2 sinh(-log alpha).
  [[nodiscard]] double t_of_lambda(double lambda) const {
    return beta().t_of_log_alpha(-std::asinh(std::exp(-lambda) / 2));
  }
  [[nodiscard]] double t_max() const { return 1; }
  [[nodiscard]] double prior_sigma() const { return 1; }

 private:
  [[nodiscard]] LinearBeta beta() const { return {beta_min, beta_max}; }
};

}  // namespace retrace
