// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/karras.hpp>

namespace retrace::grids {

/// The grid of EDM: karras with rho = 7.
struct edm {
  static constexpr GridInfo info{
      .name = "edm",
      .summary = "karras with rho = 7",
      .paper = "Karras et al. 2022, arXiv:2206.00364, eq. 5 and table 1"};

  Final final = Final::zero;

  [[nodiscard]] static std::vector<Option<edm>> options() { return {final_option<edm>()}; }
  [[nodiscard]] Grid operator()(Sde const& sde, std::int64_t steps, Span span = {}) const {
    return karras{.rho = 7, .final = final}(sde, steps, span);
  }
};

}  // namespace retrace::grids
