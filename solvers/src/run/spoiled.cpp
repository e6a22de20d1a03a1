// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/run/spoiled.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <cmath>
#include <cstdio>

namespace retrace {

std::vector<double> score_error_factors(ErrorScale scale, Prediction native,
                                        std::span<NoiseLevel const> levels) {
  // A relative error is one of the noise, -sigma times that of the score.
  bool const relative = scale == ErrorScale::relative;
  std::vector<double> factors;
  for (NoiseLevel const& level : levels) {
    double const out = convert(relative ? Prediction::noise : Prediction::score, native, level).out;
    if (!std::isfinite(out)) {
      char where[96];
      std::snprintf(where, sizeof where, "a score error has no bounds at t = %.6g (alpha = %.3g)",
                    level.t(), level.alpha());
      throw Error(Fault::argument, where, "the score says nothing of x0 there",
                  "take levels with alpha > 0: --from a smaller t");
    }
    factors.push_back(relative ? -out : out);
  }
  return factors;
}

}  // namespace retrace
