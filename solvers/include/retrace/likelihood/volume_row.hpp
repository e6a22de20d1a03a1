// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>

namespace retrace {

/// The native prediction m of one more component y = alpha L of the state, where L is the volume
/// that the flow gains: dL/dphi = div v of the velocity v = alpha epsilon - sigma x0, in the angle
/// phi = arctan(sigma / alpha) (sde/angle.hpp). With s^2 = alpha^2 + sigma^2,
///   log p_from(x) = log p_to(z) + d log(s_to / s_from) + L.
/// A sampler that is given
///   m = of_row y + of_divergence div(native prediction of the d components) + constant
/// for this component integrates L by its own formula, at its own order, not knowing of it: as
/// noise m is epsilon_y = alpha^2 div v / s^2, and d(y / alpha)/d rho = epsilon_y is what it
/// solves. As epsilon_y does not contain y, and vanishes at both ends, nothing of y itself adds to
/// the error.
struct VolumeRow {
  double of_row, of_divergence, constant;
};

/// d log(s_to / s_from) of that: what volumes do in x where they do nothing in x / s.
[[nodiscard]] double scale_change(NoiseLevel const& from, NoiseLevel const& to, int dimension);

/// alpha must not be 0.
[[nodiscard]] VolumeRow volume_row(Prediction native, NoiseLevel const& s, int dimension);

}  // namespace retrace
