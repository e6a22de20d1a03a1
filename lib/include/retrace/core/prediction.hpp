// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace retrace {

/// What a score model returns for x_t = alpha x0 + sigma epsilon. One evaluation gives them all:
/// they are affine in one another at a known noise level (trace/recorder.hpp converts).
enum class Prediction {
  noise,     ///< epsilon = E[epsilon | x]
  denoised,  ///< x0 = E[x0 | x]
  score,     ///< gradient of log p_t(x) = -epsilon / sigma
  velocity,  ///< v = alpha epsilon - sigma x0 (Salimans and Ho 2022)
  flow,  ///< u = alpha' x0 + sigma' epsilon, the drift of the probability-flow ODE (Lipman et al.
         ///< 2023)
};

}  // namespace retrace
