// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/host_network.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/target.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

namespace retrace::test {

/// The root mean square error, a component, of the noise that a network in two dimensions predicts
/// on vp, at four times, against the exact score.
inline double noise_error(Network const& network, Target const& target) {
  HostNetwork const host(network);
  double square = 0;
  int points = 0;
  for (double const t : {0.1, 0.2, 0.3, 0.5}) {
    NoiseLevel const level = make_sde("vp").at(t);
    TargetAtLevel const exact = target.at(level);
    for (int i = 0; i < 200; ++i, ++points) {
      std::vector<double> x(2), noise(2), score(2), denoised(2);
      target.draw(level, 99, i, x);
      host.predict(x, level, noise);
      (void)exact.evaluate(x, score, denoised);
      for (std::size_t j = 0; j < 2; ++j) {
        double const off = noise[j] + level.sigma() * score[j];
        square += off * off / 2;
      }
    }
  }
  return std::sqrt(square / points);
}

}  // namespace retrace::test
