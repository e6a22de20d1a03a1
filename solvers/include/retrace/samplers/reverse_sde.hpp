// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>

#include <cmath>

namespace retrace {

/// The reverse-time SDEs that have the forward process' marginals, in lambda with the denoised
/// estimate D (Xue et al. 2023, SA-Solver, whose tau^2 is eta): from s to t, h = lambda_t -
/// lambda_s,
///   x_t = (sigma_t / sigma_s) e^(-eta h) x_s
///         + alpha_t int (1 + eta) e^(-(1 + eta) (lambda_t - lambda)) D dlambda
///         + sigma_t sqrt(1 - e^(-2 eta h)) z.
/// eta = 1 is the SDE of Song et al. 2021, eq. 6, eta = 0 the probability-flow ODE. With eta = 1
/// and c = e^(2 lambda) this is d(x alpha / sigma^2) = D dc + dW(c): z is the normalised increment
/// of a Brownian motion over c. With another eta the clock is e^(2 eta lambda).
struct ReverseSde {
  double eta = 1;

  /// What is left of x_s in x_t.
  [[nodiscard]] double kept(NoiseLevel const& s, NoiseLevel const& t) const {
    return t.sigma() / s.sigma() * std::exp(-eta * (t.lambda() - s.lambda()));
  }
  /// (1 + eta) h: the integral of a constant D is alpha_t (1 - e^-length) D.
  [[nodiscard]] double length(NoiseLevel const& s, NoiseLevel const& t) const {
    return (1 + eta) * (t.lambda() - s.lambda());
  }
  /// Standard deviation of the noise.
  [[nodiscard]] double noise(NoiseLevel const& s, NoiseLevel const& t) const {
    return t.sigma() * std::sqrt(-std::expm1(-2 * eta * (t.lambda() - s.lambda())));
  }
};

}  // namespace retrace
