// SPDX-License-Identifier: Apache-2.0
#include "along_curve.hpp"

#include <retrace/targets/twenty_five_gaussians.hpp>

namespace retrace {

Mixture twenty_five_gaussians::operator()() const {
  std::vector<double> points;
  for (double const x : {-2, -1, 0, 1, 2})
    for (double const y : {-2, -1, 0, 1, 2}) points.insert(points.end(), {x, y});
  return along_curve(points, 0.1);
}

}  // namespace retrace
