// SPDX-License-Identifier: Apache-2.0
#include <retrace/targets/rings.hpp>

#include <cmath>
#include <numbers>

namespace retrace {

Mixture rings::operator()() const {
  constexpr int count = 32;  // components on a ring, times its radius
  std::vector<double> weights, means, variances;
  for (int radius = 1; radius <= 3; ++radius)
    for (int i = 0; i < count * radius; ++i) {
      double const angle = 2 * std::numbers::pi * i / (count * radius);
      weights.push_back(1.0 / (3 * count * radius));
      means.insert(means.end(), {radius * std::cos(angle), radius * std::sin(angle)});
      variances.push_back(0.15 * 0.15);
    }
  return Mixture::isotropic(weights, means, variances);
}

}  // namespace retrace
