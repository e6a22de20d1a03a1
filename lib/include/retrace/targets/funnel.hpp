// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <cstdint>
#include <vector>

namespace retrace {

/// Neal's funnel v ~ N(0, 1.5^2), x_i | v ~ N(0, exp(v)), coordinates (v, x_1, ..), cut across v
/// into a mixture that is the target and exact for itself: 64 slices N((c, 0, ..), diag(0.12^2,
/// exp(c), ..)) at c = -5.04, -4.88, .. 5.04 with weights in proportion to the density of N(0,
/// 1.5^2 - 0.12^2) there. Slices stand 4/3 of their standard deviation apart, so that nothing
/// ripples: the density of v is the funnel's within 1e-3 up to |v| = 4.5, and in two dimensions the
/// log density is within 0.05 up to |v| = 4 and |x_1| = 2 exp(v / 2). Standard deviations are 1.49
/// in v and 1.73 in every x_i. Narrower than Neal's v ~ N(0, 3^2), whose x_i would have 9.5, so
/// that no coordinate needs scaling and runs of moderate length reach the neck, which is 0.08 wide.
struct funnel {
  static constexpr TargetInfo info{.name = "funnel",
                                   .summary = "Neal's funnel, in 64 slices",
                                   .paper = "Neal 2003, Slice sampling, Annals of Statistics 31"};
  static std::vector<Option<funnel>> options() {
    return {integer_option("dimension", &funnel::dimension, 2, 64, "number of coordinates")};
  }
  std::int64_t dimension = 2;
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
