// SPDX-License-Identifier: Apache-2.0
#include "along_curve.hpp"

#include <cstddef>
#include <utility>

namespace retrace {

Mixture along_curve(std::vector<double> points, double deviation) {
  std::size_t const k = points.size() / 2;
  return Mixture::isotropic(std::vector<double>(k, 1 / static_cast<double>(k)), std::move(points),
                            std::vector<double>(k, deviation * deviation));
}

}  // namespace retrace
