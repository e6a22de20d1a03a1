// SPDX-License-Identifier: Apache-2.0
#include <retrace/targets/pinwheel.hpp>

#include <cmath>
#include <numbers>

namespace retrace {

Mixture pinwheel::operator()() const {
  constexpr int arms = 5, parts = 16;
  constexpr double scale = 2, bend = 0.25;
  constexpr double along = 0.075 * 0.075, across = 0.1 * 0.1;  // variances in r and q
  constexpr double between = 0.3 * 0.3 - along;                // of the centres in r
  std::vector<double> weights, means, covariances;
  double sum = 0;
  for (int arm = 0; arm < arms; ++arm)
    for (int i = 0; i < parts; ++i) {
      double const r = 0.25 + 0.1 * i;
      double const angle = -2 * std::numbers::pi * arm / arms - bend * std::exp(r);
      double const c = std::cos(angle), s = std::sin(angle);
      double const turn = -r * bend * std::exp(r);  // r d(angle)/dr: how the arm leaves the radius
      // images of the unit vectors of r and q
      double const rx = scale * (c - turn * s), ry = scale * (s + turn * c);
      double const qx = -scale * s, qy = scale * c;
      weights.push_back(std::exp(-(r - 1) * (r - 1) / (2 * between)));
      sum += weights.back();
      means.insert(means.end(), {scale * r * c, scale * r * s});
      double const xy = along * rx * ry + across * qx * qy;
      covariances.insert(covariances.end(), {along * rx * rx + across * qx * qx, xy, xy,
                                             along * ry * ry + across * qy * qy});
    }
  for (double& w : weights) w /= sum;
  return Mixture::full(weights, means, covariances);
}

}  // namespace retrace
