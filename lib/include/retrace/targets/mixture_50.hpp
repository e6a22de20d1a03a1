// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <vector>

namespace retrace {

/// Ten unequal isotropic components in 50 dimensions; numbers k and i count from 0. Weights (5 + k)
/// / 95; standard deviations 0.3 + 0.05 k; means m_k[i] = 1.5 u with u = 2 draw_uniform(50, k,
/// Purpose::data, {i, 3}) - 1, uniform on
/// (-1, 1).
struct mixture_50 {
  static constexpr TargetInfo info{.name = "mixture-50",
                                   .summary = "ten isotropic components in 50 dimensions",
                                   .paper = "retrace"};
  static std::vector<Option<mixture_50>> options() { return {}; }
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
