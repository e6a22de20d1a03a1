// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/truncation.hpp>

#include <cmath>
#include <cstddef>
#include <numeric>

namespace retrace {

std::array<double, 4> truncation_terms(NoiseLevel const& level, std::span<double const> x,
                                       std::span<double const> score, double divergence) {
  double along = 0, square = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    along += x[i] * score[i];
    square += score[i] * score[i];
  }
  double const half = 0.5 * level.rho() * level.rho();
  return {static_cast<double>(x.size()) * level.log_alpha(),
          -std::expm1(-level.log_alpha()) * along, -half * divergence, -half * square};
}

double truncation_to_first_order(NoiseLevel const& level, std::span<double const> x,
                                 std::span<double const> score, double divergence) {
  std::array<double, 4> const terms = truncation_terms(level, x, score, divergence);
  return std::accumulate(terms.begin(), terms.end(), 0.0);
}

}  // namespace retrace
