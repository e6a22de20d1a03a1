// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/linear_beta.hpp>
#include <retrace/sde/sde.hpp>
#include <retrace/sde/variance_preserving.hpp>

#include <vector>

namespace retrace {

/// The variance-preserving SDE dx = -beta/2 x dt + sqrt(beta) dw with linear beta (Song et al.
/// 2021, eq. 11 and appendix C; the continuous limit of DDPM).
struct vp {
  static constexpr SdeInfo info{
      .name = "vp",
      .summary = "variance preserving with linear beta, the continuous limit of DDPM",
      .paper = "Song et al. 2021, arXiv:2011.13456, eq. 11"};

  double beta_min = 0.1;
  double beta_max = 20;

  [[nodiscard]] static std::vector<Option<vp>> options() { return LinearBeta::options<vp>(); }
  void check() const { beta().check(); }

  [[nodiscard]] LevelValues at(double t) const {
    return variance_preserving(t, beta().log_alpha(t), beta().f(t));
  }
  [[nodiscard]] double t_of_lambda(double lambda) const {
    return beta().t_of_log_alpha(variance_preserving_log_alpha(lambda));
  }
  [[nodiscard]] double t_max() const { return 1; }
  [[nodiscard]] double prior_sigma() const { return 1; }

 private:
  [[nodiscard]] LinearBeta beta() const { return {beta_min, beta_max}; }
};

}  // namespace retrace
