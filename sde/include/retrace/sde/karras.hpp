// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/grid_rule.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace retrace::grids {

/// Levels evenly spaced in (sigma / alpha)^(1 / rho) (Karras et al. 2022, eq. 5, where alpha = 1).
struct karras {
  static constexpr GridInfo info{.name = "karras",
                                 .summary = "evenly spaced in (sigma / alpha)^(1 / rho)",
                                 .paper = "Karras et al. 2022, arXiv:2206.00364, eq. 5"};

  double rho = 7;
  Final final = Final::zero;

  [[nodiscard]] static std::vector<Option<karras>> options() {
    return {real_option("rho", &karras::rho, Range::positive(),
                        "the larger, the more of the steps are at small sigma"),
            final_option<karras>()};
  }
  void check() const {
    if (!Range::positive().holds(rho))
      throw Error(Fault::argument, "rho of karras must be in " + Range::positive().text());
  }
  [[nodiscard]] Grid operator()(Sde const& sde, std::int64_t steps, Span span = {}) const {
    check();
    Ends const ends = ends_of(sde, span);
    double const a = lambda_of(sde.at(ends.from)), b = lambda_of(sde.at(ends.to));
    // sigma / alpha = exp(-lambda). Relative to the level `from` the powers neither overflow for
    // small rho nor lose their differences for large rho, where the rule tends to log_snr.
    return spaced(sde, steps, ends, final,
                  [sde, a, p = rho, change = std::expm1((a - b) / rho)](double r) {
                    return sde.at_lambda(a - p * std::log1p(r * change)).t();
                  });
  }

 private:
  /// lambda, also of an end with sigma = 0: sigma / alpha has its place in the rule there.
  [[nodiscard]] static double lambda_of(NoiseLevel const& level) {
    return level.is_clean() ? std::numeric_limits<double>::infinity() : level.lambda();
  }
};

}  // namespace retrace::grids
