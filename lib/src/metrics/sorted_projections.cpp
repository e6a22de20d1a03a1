// SPDX-License-Identifier: Apache-2.0
#include "sorted_projections.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace retrace {

std::vector<double> sorted_projections(std::span<double const> x, std::span<double const> direction,
                                       double origin) {
  std::vector<double> out(x.size() / direction.size());
  auto row = x.begin();
  for (double& projection : out) {
    projection = std::inner_product(direction.begin(), direction.end(), row, 0.0) - origin;
    row += static_cast<std::ptrdiff_t>(direction.size());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace retrace
