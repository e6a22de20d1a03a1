// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <vector>

namespace retrace {

/// Two interleaved half circles of radius 2 with noise of standard deviation 0.2: the upper one
/// around (-1, -0.5), the lower one around (1, 0.5). make_moons of scikit-learn with noise 0.1,
/// times 2 and moved to the origin (the scale of FFJORD's toy data). 24 components each, at the
/// midpoints of equal arcs, 0.262 apart.
struct moons {
  static constexpr TargetInfo info{
      .name = "moons",
      .summary = "two interleaved half circles",
      .paper = "Grathwohl et al. 2019, arXiv:1810.01367 (as in scikit-learn)"};
  static std::vector<Option<moons>> options() { return {}; }
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
