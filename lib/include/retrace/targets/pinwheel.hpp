// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <vector>

namespace retrace {

/// Five arms bent by their radius: 2 R(-2 pi arm / 5 - 0.25 exp(r)) (r, q) with r ~ N(1, 0.3^2) and
/// q ~ N(0, 0.1^2), R a rotation, as FFJORD has it. Each arm is 16 Gaussians centred on r = 0.25,
/// 0.35, .. 1.75 with standard deviation 0.075 in r and weights in proportion to the density of
/// N(1, 0.3^2 - 0.075^2) there; the map is linearised at each centre, which gives them full
/// covariances along the arm.
struct pinwheel {
  static constexpr TargetInfo info{.name = "pinwheel",
                                   .summary = "five bent arms, full covariances",
                                   .paper = "Johnson et al. 2016, arXiv:1603.06277"};
  static std::vector<Option<pinwheel>> options() { return {}; }
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
