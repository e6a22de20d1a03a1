// SPDX-License-Identifier: Apache-2.0
#include "fixed_numbers.hpp"

#include <retrace/targets/mixture_10.hpp>

namespace retrace {

Mixture mixture_10::operator()() const {
  constexpr int d = 10;
  std::vector<double> weights, means, covariances;
  for (int k = 0; k < 10; ++k) {
    weights.push_back((5 + k) / 95.0);
    for (int i = 0; i < d; ++i) means.push_back(1.5 * fixed_number(10, k, i, 3));
    double a[d][d];
    for (int i = 0; i < d; ++i)
      for (int j = 0; j < d; ++j) a[i][j] = fixed_number(10, k, d * i + j, 4);
    for (int i = 0; i < d; ++i)
      for (int j = 0; j < d; ++j) {
        double sum = 0;
        for (int l = 0; l < d; ++l) sum += a[i][l] * a[j][l];
        covariances.push_back((i == j ? 0.05 : 0) + 0.045 * sum);
      }
  }
  return Mixture::full(weights, means, covariances);
}

}  // namespace retrace
