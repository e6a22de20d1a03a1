// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/index_grid.hpp>
#include <retrace/sde/respacing.hpp>

#include <cstdint>
#include <vector>

namespace retrace::grids {

/// linspace(0, M - 1, N + 1) rounded half to even, descending, index 0 dropped: as diffusers' has
/// it for DPM-Solver.
struct linspace {
  static constexpr GridInfo info{
      .name = "linspace",
      .summary = "indices of a chain: linspace(0, M - 1, N + 1) rounded, without index 0",
      .paper = "Lu et al. 2022, arXiv:2211.01095, as in diffusers",
      .time = Time::indices};

  [[nodiscard]] static std::vector<Option<linspace>> options() { return {}; }
  [[nodiscard]] Grid operator()(Sde const& sde, std::int64_t steps, Span span = {}) const {
    return index_grid("linspace", sde, steps, span, IndexCount::all_but_first,
                      [](std::int64_t m, std::int64_t n, std::int64_t k) {
                        return rounded_ratio((n - k) * (m - 1), n);
                      });
  }
};

}  // namespace retrace::grids
