// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/box_mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <vector>

namespace retrace {

/// Every other one of the 4 x 4 squares of side 2 that make up [-4, 4]^2, the one at its lower left
/// corner included, all with the same weight: the toy of the authors' code, whose standard
/// deviation is 2.31 in both coordinates. No Gaussian mixture: its density has edges.
struct checkerboard {
  static constexpr TargetInfo info{.name = "checkerboard",
                                   .summary = "eight uniform squares",
                                   .paper = "Grathwohl et al. 2019, FFJORD, arXiv:1810.01367"};
  static std::vector<Option<checkerboard>> options() { return {}; }
  [[nodiscard]] BoxMixture operator()() const;
};

}  // namespace retrace
