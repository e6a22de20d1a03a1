// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <vector>

namespace retrace {

/// Eight equal Gaussians of standard deviation 0.15, evenly on a circle of radius 2, the first on
/// the x axis. Wider than those of the paper, 0.02 at the same radius, so that runs of moderate
/// length and pictures show the modes.
struct eight_gaussians {
  static constexpr TargetInfo info{.name = "eight-gaussians",
                                   .summary = "eight separate modes on a circle",
                                   .paper = "Metz et al. 2017, arXiv:1611.02163"};
  static std::vector<Option<eight_gaussians>> options() { return {}; }
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
