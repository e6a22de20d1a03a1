// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/grid_rule.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

namespace retrace::grids {

/// Levels evenly spaced in t.
struct uniform {
  static constexpr GridInfo info{.name = "uniform",
                                 .summary = "evenly spaced in t",
                                 .paper = "Song et al. 2021, arXiv:2011.13456, appendix D"};

  Final final = Final::eps;

  [[nodiscard]] static std::vector<Option<uniform>> options() { return {final_option<uniform>()}; }
  [[nodiscard]] Grid operator()(Sde const& sde, std::int64_t steps, Span span = {}) const {
    Ends const ends = ends_of(sde, span);
    return spaced(sde, steps, ends, final,
                  [=](double r) { return std::lerp(ends.from, ends.to, r); });
  }
};

}  // namespace retrace::grids
