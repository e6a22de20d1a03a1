// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/volume_row.hpp>
#include <retrace/sde/angle.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <cmath>

namespace retrace {

double scale_change(NoiseLevel const& from, NoiseLevel const& to, int dimension) {
  return dimension * std::log(radius_of(to) / radius_of(from));
}

VolumeRow volume_row(Prediction native, NoiseLevel const& s, int dimension) {
  // div epsilon = to_noise.skip d + to_noise.out div m, epsilon_y = alpha (div epsilon - sigma d /
  // s^2), and there and back again the factors of m cancel.
  Affine const to_noise = convert(native, Prediction::noise, s);
  Affine const back = convert(Prediction::noise, native, s);
  double const square = s.alpha() * s.alpha() + s.sigma() * s.sigma();
  return {.of_row = back.skip,
          .of_divergence = s.alpha(),
          .constant = back.out * s.alpha() * (to_noise.skip - s.sigma() / square) * dimension};
}

}  // namespace retrace
