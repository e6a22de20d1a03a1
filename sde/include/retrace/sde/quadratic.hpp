// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/grid_rule.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

namespace retrace::grids {

/// Levels evenly spaced in sqrt(t), as DDIM spaces its indices.
struct quadratic {
  static constexpr GridInfo info{
      .name = "quadratic",
      .summary = "evenly spaced in sqrt(t)",
      .paper = "Song, Meng and Ermon 2021, arXiv:2010.02502, appendix D"};

  Final final = Final::eps;

  [[nodiscard]] static std::vector<Option<quadratic>> options() {
    return {final_option<quadratic>()};
  }
  [[nodiscard]] Grid operator()(Sde const& sde, std::int64_t steps, Span span = {}) const {
    Ends const ends = ends_of(sde, span);
    return spaced(sde, steps, ends, final,
                  [a = std::sqrt(ends.from), b = std::sqrt(ends.to)](double r) {
                    double const root = std::lerp(a, b, r);
                    return root * root;
                  });
  }
};

}  // namespace retrace::grids
