// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/network.hpp>

namespace retrace {

/// A network whose flow is smooth although its weights are random: preconditioned, of unit data.
inline Network smooth_network(int dimension) {
  return random_network({.dimension = dimension,
                         .width = 21,
                         .conditioning = Conditioning::log_sigma,
                         .prediction = Prediction::denoised,
                         .preconditioning = Preconditioning::edm,
                         .sigma_data = 1},
                        9);
}

}  // namespace retrace
