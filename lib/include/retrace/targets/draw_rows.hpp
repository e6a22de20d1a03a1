// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/target.hpp>

#include <cstdint>
#include <functional>
#include <vector>

namespace retrace {

/// Calls f(i) for i = 0 .. count - 1 on all threads; heeds interrupts. What f throws comes out.
void parallel_rows(std::int64_t count, std::function<void(std::int64_t)> const& f);

/// Exact draws number first, first + 1, ... of the data, [count][dimension].
[[nodiscard]] std::vector<double> draw_rows(Target const& target, std::uint64_t seed,
                                            std::int64_t first, std::int64_t count);
/// The same at a noise level.
[[nodiscard]] std::vector<double> draw_rows(Target const& target, NoiseLevel const& level,
                                            std::uint64_t seed, std::int64_t first,
                                            std::int64_t count);

}  // namespace retrace
