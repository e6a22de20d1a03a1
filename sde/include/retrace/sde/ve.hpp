// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/check_increasing.hpp>
#include <retrace/sde/sde.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// The variance-exploding SDE with geometric sigma = sigma_min (sigma_max / sigma_min)^t (Song et
/// al. 2021, eq. 9 and appendix C). As in score_sde, p_t = p_data * N(0, sigma^2): at t = 0 the
/// data already carry sigma_min, where the SDE started from the data themselves would have variance
/// sigma^2 - sigma_min^2.
struct ve {
  static constexpr SdeInfo info{
      .name = "ve",
      .summary = "variance exploding, sigma geometric in t from sigma_min to sigma_max",
      .paper = "Song et al. 2021, arXiv:2011.13456, eq. 9"};

  double sigma_min = 0.01;
  double sigma_max = 50;

  [[nodiscard]] static std::vector<Option<ve>> options() {
    return {real_option("sigma_min", &ve::sigma_min, Range::positive(), "sigma at t = 0"),
            real_option("sigma_max", &ve::sigma_max, Range::positive(),
                        "sigma at t = 1, greater than sigma_min")};
  }
  void check() const { check_increasing("sigma_min", sigma_min, "sigma_max", sigma_max); }

  [[nodiscard]] LevelValues at(double t) const {
    double const log_sigma = std::log(sigma_min) + t * log_ratio();
    double const sigma = std::exp(log_sigma);
    return {.t = t,
            .log_alpha = 0,
            .log_sigma = log_sigma,
            .sigma = sigma,
            .alpha_rate = 0,
            .sigma_rate = sigma * log_ratio(),
            .variance_rate = 2 * sigma * sigma * log_ratio()};
  }
  [[nodiscard]] double t_of_lambda(double lambda) const {
    return (-lambda - std::log(sigma_min)) / log_ratio();
  }
  [[nodiscard]] double t_max() const { return 1; }
  [[nodiscard]] double prior_sigma() const { return sigma_max; }

 private:
  /// log(sigma_max / sigma_min), exact also where the two are close.
  [[nodiscard]] double log_ratio() const { return std::log1p((sigma_max - sigma_min) / sigma_min); }
};

}  // namespace retrace
