// SPDX-License-Identifier: Apache-2.0
#include "packed.hpp"

#include <retrace/nn/network_angle_source.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace retrace {
namespace {

/// What turns the flow u that a network predicts into dz/dphi, by the angle's rate
/// phi' = (alpha sigma' - sigma alpha') / s^2:  dz/dt = u / s - (s' / s) z.
void flow_factors(NoiseLevel const& level, double& skip, double& out) {
  double const s = std::hypot(level.alpha(), level.sigma());
  double const rate =
      level.alpha() * level.sigma_rate() - level.sigma() * level.alpha_rate();  // s^2 phi'
  skip = -(level.alpha() * level.alpha_rate() + level.sigma() * level.sigma_rate()) / rate;
  out = s / rate;
}

PiecewisePolynomial table_of(Architecture const& a, LambdaRange const& levels) {
  using Tile = NetworkAngleTile<double>;
  bool const flow = a.prediction == Prediction::flow;
  return interpolate(
      [&](double lambda, std::span<double> values) {
        NoiseLevel const level = levels.level(lambda);
        values[Tile::of_condition] = condition(a, level);
        values[Tile::of_radius] = std::hypot(level.alpha(), level.sigma());
        if (flow) flow_factors(level, values[Tile::of_flow_skip], values[Tile::of_flow_out]);
      },
      flow ? 4 : 2, std::min(levels.from, levels.to), std::max(levels.from, levels.to));
}

}  // namespace

NetworkAngleSource::NetworkAngleSource(Network const& network, LambdaRange const& levels) {
  network.check_usable();
  Architecture const& a = network.architecture();
  auto const freq = network.tensor("freq");
  int const seeing = a.injection == Injection::every_layer ? a.depth : 1;
  numbers_ = std::make_shared<Numbers const>(Numbers{.architecture = a,
                                                     .embedded = a.frequencies > 0 ? seeing : 0,
                                                     .weights = packed_weights(network),
                                                     .biases = packed_biases(network, {}),
                                                     .embedding = packed_embedding(network),
                                                     .frequencies = {freq.begin(), freq.end()},
                                                     .table = table_of(a, levels)});
}

}  // namespace retrace
