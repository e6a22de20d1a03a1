// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/noise_level.hpp>

#include <cstdio>
#include <limits>
#include <string>

namespace retrace {
namespace {

[[noreturn]] void throw_absent(char const* what, NoiseLevel const& s) {
  char where[160];
  std::snprintf(where, sizeof where, "%s does not exist at t = %.6g (alpha = %.3g, sigma = %.3g)",
                what, s.t(), s.alpha(), s.sigma());
  throw Error(Fault::argument, where,
              s.alpha() == 0 ? "start the grid at a level with alpha > 0: --from a smaller t"
                             : "choose a sampler or grid that does not need it");
}

}  // namespace

NoiseLevel NoiseLevel::clean(double t) {
  constexpr double absent = std::numeric_limits<double>::quiet_NaN();
  return NoiseLevel({.t = t,
                     .log_alpha = 0,
                     .log_sigma = -std::numeric_limits<double>::infinity(),
                     .alpha_rate = absent,
                     .sigma_rate = absent,
                     .variance_rate = absent});
}

double NoiseLevel::lambda() const {
  if (!has_lambda()) throw_absent("lambda = log(alpha / sigma)", *this);
  return values_.log_alpha - values_.log_sigma;
}

double NoiseLevel::rho() const {
  if (alpha() == 0) throw_absent("sigma / alpha", *this);
  return std::exp(values_.log_sigma - values_.log_alpha);
}

double NoiseLevel::f() const {
  if (!has_drift()) throw_absent("the drift f", *this);
  return values_.alpha_rate / alpha();
}

double NoiseLevel::g2() const { return values_.variance_rate - 2 * f() * sigma() * sigma(); }

}  // namespace retrace
