// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

namespace retrace {

/// u . x - origin for every row of x [n][d], ascending.
[[nodiscard]] std::vector<double> sorted_projections(std::span<double const> x,
                                                     std::span<double const> direction,
                                                     double origin = 0);

}  // namespace retrace
