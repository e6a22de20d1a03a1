// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <vector>

namespace retrace {

/// Ten unequal components in 10 dimensions with full covariances; numbers k and i, j count from 0.
/// Weights (5 + k) / 95; means m_k[i] = 1.5 u(i, 3); covariances 0.05 I + 0.045 A A' with A[i][j] =
/// u(10 i + j, 4), so that their eigenvalues average 0.2. Here u(step, number) = 2 draw_uniform(10,
/// k, Purpose::data, {step, number}) - 1 is uniform on (-1, 1).
struct mixture_10 {
  static constexpr TargetInfo info{.name = "mixture-10",
                                   .summary = "ten components in 10 dimensions, full covariances",
                                   .paper = "retrace"};
  static std::vector<Option<mixture_10>> options() { return {}; }
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
