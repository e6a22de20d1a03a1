// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/box_mixture.hpp>

#include <cstddef>
#include <vector>

namespace retrace::testing {

/// Boxes that overlap, touch, nest and stand alone, narrow ones and wide ones, with unequal
/// weights.
inline BoxMixture scattered_boxes(int dimension) {
  std::vector<double> const weights{0.1, 0.3, 0.2, 0.15, 0.25};
  constexpr double left[] = {-2, -1, -1, 1, 2.5}, right[] = {0, 1, 0.5, 1.02, 4};
  std::vector<double> low, high;
  for (std::size_t k = 0; k < weights.size(); ++k)
    for (int j = 0; j < dimension; ++j) {
      std::size_t const at = (k + 2 * static_cast<std::size_t>(j)) % weights.size();
      low.push_back(left[at]);
      high.push_back(right[at]);
    }
  return {weights, low, high};
}

}  // namespace retrace::testing
