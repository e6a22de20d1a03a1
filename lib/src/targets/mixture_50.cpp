// SPDX-License-Identifier: Apache-2.0
#include "fixed_numbers.hpp"

#include <retrace/targets/mixture_50.hpp>

namespace retrace {

Mixture mixture_50::operator()() const {
  std::vector<double> weights, means, variances;
  for (int k = 0; k < 10; ++k) {
    double const deviation = 0.3 + 0.05 * k;
    weights.push_back((5 + k) / 95.0);
    for (int i = 0; i < 50; ++i) means.push_back(1.5 * fixed_number(50, k, i, 3));
    variances.push_back(deviation * deviation);
  }
  return Mixture::isotropic(weights, means, variances);
}

}  // namespace retrace
