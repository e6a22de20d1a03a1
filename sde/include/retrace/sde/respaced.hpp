// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/index_grid.hpp>
#include <retrace/sde/respacing.hpp>

#include <cstdint>
#include <vector>

namespace retrace::grids {

/// k (M - 1) / (N - 1) rounded half to even, from the last index to 0 (evenly_spaced_index()).
struct respaced {
  static constexpr GridInfo info{
      .name = "respaced",
      .summary = "indices of a chain: k (M - 1) / (N - 1) rounded, from M - 1 to 0",
      .paper = "Nichol and Dhariwal 2021, arXiv:2102.09672, section 4",
      .time = Time::indices};

  [[nodiscard]] static std::vector<Option<respaced>> options() { return {}; }
  [[nodiscard]] Grid operator()(Sde const& sde, std::int64_t steps, Span span = {}) const {
    return index_grid("respaced", sde, steps, span, IndexCount::all,
                      [](std::int64_t m, std::int64_t n, std::int64_t k) {
                        return evenly_spaced_index(m, n, n - 1 - k);
                      });
  }
};

}  // namespace retrace::grids
