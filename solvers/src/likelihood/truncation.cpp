// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/truncation.hpp>

#include <cmath>
#include <cstddef>

namespace retrace {

double truncation_to_first_order(NoiseLevel const& level, std::span<double const> x,
                                 std::span<double const> score, double divergence) {
  double along = 0, square = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    along += x[i] * score[i];
    square += score[i] * score[i];
  }
  double const rho = level.rho();
  return static_cast<double>(x.size()) * level.log_alpha() -
         std::expm1(-level.log_alpha()) * along - 0.5 * rho * rho * (divergence + square);
}

}  // namespace retrace
