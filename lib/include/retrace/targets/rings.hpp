// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <vector>

namespace retrace {

/// Three concentric circles of radius 1, 2 and 3, a third of the samples on each, with noise of
/// standard deviation 0.15. 32, 64 and 96 components, 0.196 apart. The paper's code has four
/// thinner rings (radius 0.75 to 3, noise 0.08), for which a mixture without ripple takes 400
/// components.
struct rings {
  static constexpr TargetInfo info{.name = "rings",
                                   .summary = "three concentric circles",
                                   .paper = "Chen et al. 2019, arXiv:1906.02735"};
  static std::vector<Option<rings>> options() { return {}; }
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
