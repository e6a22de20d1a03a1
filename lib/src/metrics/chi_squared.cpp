// SPDX-License-Identifier: Apache-2.0
#include "chi_squared.hpp"

#include <Eigen/Core>
#include <cmath>
#include <unsupported/Eigen/SpecialFunctions>

namespace retrace {

double chi_squared_quantile(double probability, double freedom) {
  double const t = -std::log(probability);
  double low = 0, high = freedom + 2 * std::sqrt(freedom * t) + 2 * t;  // Laurent and Massart 2000
  while (high - low > 1e-10 * high) {
    double const middle = low + (high - low) / 2;
    (Eigen::numext::igammac(freedom / 2, middle / 2) > probability ? low : high) = middle;
  }
  return high;
}

}  // namespace retrace
