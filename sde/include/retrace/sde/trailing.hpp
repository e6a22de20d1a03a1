// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/index_grid.hpp>
#include <retrace/sde/respacing.hpp>

#include <cstdint>
#include <vector>

namespace retrace::grids {

/// round(M - k M / N) - 1, half to even: starts at the chain's last level (Lin et al. 2024, table
/// 2).
struct trailing {
  static constexpr GridInfo info{
      .name = "trailing",
      .summary = "indices of a chain: round(M - k M / N) - 1 for k = 0 .. N - 1",
      .paper = "Lin et al. 2024, arXiv:2305.08891, table 2",
      .time = Time::indices};

  [[nodiscard]] static std::vector<Option<trailing>> options() { return {}; }
  [[nodiscard]] Grid operator()(Sde const& sde, std::int64_t steps, Span span = {}) const {
    return index_grid("trailing", sde, steps, span, IndexCount::all,
                      [](std::int64_t m, std::int64_t n, std::int64_t k) {
                        return rounded_ratio(m * (n - k), n) - 1;
                      });
  }
};

}  // namespace retrace::grids
