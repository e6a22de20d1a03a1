// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>

namespace retrace {

/// What a schedule says of one time: p(x_t | x_0) = N(alpha x_0, sigma^2 I), and how both change
/// with t. Derivatives are kept as alpha', sigma' and (sigma^2)', because the drift alpha' x0 +
/// sigma' epsilon of the probability-flow ODE is finite where f = alpha'/alpha is not (rectified
/// flow at t = 1), and (sigma^2)' where sigma' is not (VP at t = 0). NaN where a process has none
/// (discrete ones).
struct LevelValues {
  double t = 0;
  double log_alpha = 0;
  double log_sigma = 0;
  double alpha = std::exp(log_alpha);  ///< given where the schedule knows it better
  double sigma = std::exp(log_sigma);
  double alpha_rate = 0;     ///< alpha'(t)
  double sigma_rate = 0;     ///< sigma'(t)
  double variance_rate = 0;  ///< (sigma^2)'(t)
};

/// One noise level of a forward process dx = f x dt + g dw: all a sampler needs to know of a time.
/// A value; host only, double only. Quantities that do not exist at a level (lambda at alpha = 0 or
/// sigma = 0, f at alpha = 0, f and g2 of a discrete process) throw Error (argument) when a sampler
/// asks for them, and say at which t.
class NoiseLevel {
 public:
  explicit NoiseLevel(LevelValues const& values) : values_(values) {}

  /// alpha = 1, sigma = 0: the data themselves. No sampler ever sees it (trace/trace.hpp takes it
  /// off the grid).
  [[nodiscard]] static NoiseLevel clean(double t);

  [[nodiscard]] double t() const { return values_.t; }
  [[nodiscard]] double alpha() const { return values_.alpha; }
  [[nodiscard]] double sigma() const { return values_.sigma; }
  [[nodiscard]] double log_alpha() const { return values_.log_alpha; }
  [[nodiscard]] double log_sigma() const { return values_.log_sigma; }
  [[nodiscard]] double alpha_rate() const { return values_.alpha_rate; }
  [[nodiscard]] double sigma_rate() const { return values_.sigma_rate; }

  [[nodiscard]] double lambda() const;  ///< log(alpha / sigma), half the log signal-to-noise ratio
  [[nodiscard]] double rho() const;     ///< sigma / alpha
  [[nodiscard]] double f() const;       ///< drift coefficient (log alpha)'
  [[nodiscard]] double g2() const;      ///< squared diffusion (sigma^2)' - 2 f sigma^2

  [[nodiscard]] bool is_clean() const { return values_.sigma == 0; }
  [[nodiscard]] bool has_lambda() const { return values_.alpha > 0 && values_.sigma > 0; }
  [[nodiscard]] bool has_drift() const {
    return values_.alpha > 0 && std::isfinite(values_.alpha_rate);
  }

 private:
  LevelValues values_;
};

}  // namespace retrace
