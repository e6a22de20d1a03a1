// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/volume_row.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace retrace {
namespace {

// In any parameterisation the row says the same: as noise, alpha^2 div v / s^2, whatever y is.
TEST(VolumeRow, MeansTheSameForEveryPrediction) {
  constexpr int d = 3;
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(entry.name);
    for (double const lambda : {-4.0, -1.0, 0.2, 2.0, 5.0}) {
      NoiseLevel const s = sde.at_lambda(lambda);
      double const square = s.alpha() * s.alpha() + s.sigma() * s.sigma();
      // A model whose velocity has this divergence, and what its other predictions have.
      double const of_velocity = 0.7, y = 1.3;
      double const wanted = s.alpha() * s.alpha() / square * of_velocity;
      for (Prediction const native : {Prediction::noise, Prediction::denoised, Prediction::score,
                                      Prediction::velocity, Prediction::flow}) {
        Affine const from_velocity = convert(Prediction::velocity, native, s);
        double const of_native = from_velocity.skip * d + from_velocity.out * of_velocity;
        VolumeRow const row = volume_row(native, s, d);
        double const m = row.of_row * y + row.of_divergence * of_native + row.constant;
        Affine const to_noise = convert(native, Prediction::noise, s);
        double const parts = std::abs(to_noise.skip * y) + std::abs(to_noise.out * m);
        EXPECT_NEAR(to_noise.skip * y + to_noise.out * m, wanted, 1e-13 * std::max(1.0, parts))
            << entry.name << ", lambda " << lambda << ", prediction " << static_cast<int>(native);
      }
    }
  }
}

}  // namespace
}  // namespace retrace
