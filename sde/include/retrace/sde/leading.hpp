// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/index_grid.hpp>

#include <cstdint>
#include <vector>

namespace retrace::grids {

/// The multiples of M // N below M, down to index 0 (Song, Meng and Ermon 2021, appendix D,
/// "linear"; diffusers' "leading" without its offset). The chain's last levels are left out.
struct leading {
  static constexpr GridInfo info{.name = "leading",
                                 .summary = "indices of a chain: i (M // N) for i = N - 1 .. 0",
                                 .paper = "Song, Meng and Ermon 2021, arXiv:2010.02502, appendix D",
                                 .time = Time::indices};

  [[nodiscard]] static std::vector<Option<leading>> options() { return {}; }
  [[nodiscard]] Grid operator()(Sde const& sde, std::int64_t steps, Span span = {}) const {
    return index_grid(
        "leading", sde, steps, span, IndexCount::all,
        [](std::int64_t m, std::int64_t n, std::int64_t k) { return (n - 1 - k) * (m / n); });
  }
};

}  // namespace retrace::grids
