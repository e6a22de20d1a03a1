// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <vector>

namespace retrace {

/// Two arms +- n / 3 (-cos n, sin n), n in [0, 3 pi], uniform along their length, with noise of
/// standard deviation 0.17. FFJORD's 2spirals, which also are nearly uniform along the arm and
/// whose noise is the sum of N(0, 0.1^2) and a uniform number of width 1/6. 64 components an arm at
/// the midpoints of equal arcs, 0.24 apart.
struct spirals {
  static constexpr TargetInfo info{.name = "spirals",
                                   .summary = "two interleaved spiral arms",
                                   .paper = "Grathwohl et al. 2019, arXiv:1810.01367"};
  static std::vector<Option<spirals>> options() { return {}; }
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
