// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <vector>

namespace retrace {

/// 25 equal Gaussians of standard deviation 0.1 on the grid {-2, -1, 0, 1, 2}^2. Wider than those
/// of the paper, 0.025 on this scale, so that runs of moderate length and pictures show the modes.
struct twenty_five_gaussians {
  static constexpr TargetInfo info{.name = "25-gaussians",
                                   .summary = "a 5 x 5 grid of separate modes",
                                   .paper = "Gulrajani et al. 2017, arXiv:1704.00028"};
  static std::vector<Option<twenty_five_gaussians>> options() { return {}; }
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
