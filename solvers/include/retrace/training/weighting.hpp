// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>
#include <retrace/nn/architecture.hpp>

#include <span>
#include <string_view>
#include <utility>

namespace retrace {

/// How much the squared error counts at a level, whatever the network predicts: an error of
/// epsilon by e is one of the score by e / sigma and of x0 by e rho, rho = sigma / alpha.
enum class Weighting {
  prediction,  ///< 1 for the error of what the network predicts
  epsilon,  ///< 1 for that of epsilon: sigma^2 for the score (Song and Ermon 2019; Ho et al. 2020)
  likelihood,  ///< g^2 for that of the score (Song et al. 2021, Maximum likelihood training)
  edm,         ///< (rho^2 + s^2) / (rho s)^2 for that of x0, s = sigma_data (Karras et al. 2022)
  min_snr      ///< min(1 / rho^2, 5) for that of x0 (Hang et al. 2023)
};
template <>
std::span<std::pair<std::string_view, Weighting> const> names();

/// The weight of the squared error of `prediction` at a level. Throws Error (argument) where there
/// is none: g^2 of a discrete process.
[[nodiscard]] double loss_weight(Weighting weighting, Prediction prediction, double sigma_data,
                                 NoiseLevel const& level);

}  // namespace retrace
