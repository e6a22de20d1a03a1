// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/grid_rule.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

namespace retrace::grids {

/// Levels evenly spaced in lambda = log(alpha / sigma).
struct log_snr {
  static constexpr GridInfo info{.name = "log-snr",
                                 .summary = "evenly spaced in lambda = log(alpha / sigma)",
                                 .paper = "Lu et al. 2022, arXiv:2206.00927, section 3"};

  Final final = Final::eps;

  [[nodiscard]] static std::vector<Option<log_snr>> options() { return {final_option<log_snr>()}; }
  [[nodiscard]] Grid operator()(Sde const& sde, std::int64_t steps, Span span = {}) const {
    Ends const ends = ends_of(sde, span);
    return spaced(sde, steps, ends, final,
                  [sde, a = sde.at(ends.from).lambda(), b = sde.at(ends.to).lambda()](double r) {
                    return sde.at_lambda(std::lerp(a, b, r)).t();
                  });
  }
};

}  // namespace retrace::grids
