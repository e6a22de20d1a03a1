// SPDX-License-Identifier: Apache-2.0
#include <retrace/targets/funnel.hpp>

#include <cmath>
#include <cstddef>

namespace retrace {

Mixture funnel::operator()() const {
  constexpr int slices = 64;
  constexpr double apart = 0.16, within = 0.12 * 0.12;  // standard deviation 0.12
  constexpr double between = 1.5 * 1.5 - within;        // variance of the centres
  auto const d = static_cast<std::size_t>(dimension);
  std::vector<double> weights, means(slices * d), covariances(slices * d * d);
  double sum = 0;
  for (std::size_t k = 0; k < slices; ++k) {
    double const v = apart * (static_cast<double>(k) - (slices - 1) / 2.0);
    weights.push_back(std::exp(-v * v / (2 * between)));
    sum += weights.back();
    means[k * d] = v;
    for (std::size_t i = 0; i < d; ++i)
      covariances[(k * d + i) * d + i] = i == 0 ? within : std::exp(v);
  }
  for (double& w : weights) w /= sum;
  return Mixture::full(weights, means, covariances);
}

}  // namespace retrace
