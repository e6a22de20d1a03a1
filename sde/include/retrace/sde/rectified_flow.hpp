// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/sde.hpp>

#include <cmath>
#include <vector>

namespace retrace {

/// The straight path alpha = 1 - t, sigma = t between data and noise (Liu et al. 2023; the
/// conditional optimal transport path of Lipman et al. 2023). At t = 1, alpha is 0 and f and g2 do
/// not exist, but the drift alpha' x0 + sigma' epsilon = epsilon - x0 does.
struct rectified_flow {
  static constexpr SdeInfo info{
      .name = "rectified-flow",
      .summary = "straight path between data and noise, alpha = 1 - t, sigma = t",
      .paper = "Liu et al. 2023, arXiv:2209.03003, eq. 1"};

  [[nodiscard]] static std::vector<Option<rectified_flow>> options() { return {}; }

  [[nodiscard]] LevelValues at(double t) const {
    return {.t = t,
            .log_alpha = std::log1p(-t),
            .log_sigma = std::log(t),
            .alpha = 1 - t,
            .sigma = t,
            .alpha_rate = -1,
            .sigma_rate = 1,
            .variance_rate = 2 * t};
  }
  [[nodiscard]] double t_of_lambda(double lambda) const { return 1 / (1 + std::exp(lambda)); }
  [[nodiscard]] double t_max() const { return 1; }
  [[nodiscard]] double prior_sigma() const { return 1; }
};

}  // namespace retrace
