// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/check_increasing.hpp>
#include <retrace/sde/sde.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// The schedule of EDM: alpha = 1, sigma = t (Karras et al. 2022, section 3 and table 1). Grids end
/// at sigma_min.
struct edm {
  static constexpr SdeInfo info{.name = "edm",
                                .summary = "variance exploding with sigma = t up to sigma_max",
                                .paper = "Karras et al. 2022, arXiv:2206.00364, table 1"};

  double sigma_min = 0.002;
  double sigma_max = 80;

  [[nodiscard]] static std::vector<Option<edm>> options() {
    return {real_option("sigma_min", &edm::sigma_min, Range::positive(),
                        "where sampling ends unless asked otherwise"),
            real_option("sigma_max", &edm::sigma_max, Range::positive(),
                        "the largest t and sigma, greater than sigma_min")};
  }
  void check() const { check_increasing("sigma_min", sigma_min, "sigma_max", sigma_max); }

  [[nodiscard]] LevelValues at(double t) const {
    return {.t = t,
            .log_alpha = 0,
            .log_sigma = std::log(t),
            .sigma = t,
            .alpha_rate = 0,
            .sigma_rate = 1,
            .variance_rate = 2 * t};
  }
  [[nodiscard]] double t_of_lambda(double lambda) const { return std::exp(-lambda); }
  [[nodiscard]] double t_max() const { return sigma_max; }
  [[nodiscard]] double prior_sigma() const { return sigma_max; }
  [[nodiscard]] double smallest_sampling_t() const { return sigma_min; }
};

}  // namespace retrace
