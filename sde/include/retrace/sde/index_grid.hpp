// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/grid_rule.hpp>

#include <cstdint>
#include <functional>
#include <string_view>

namespace retrace {

/// Which indices of a chain a rule can use up: that decides the most steps it has.
enum class IndexCount { all, all_but_first };

/// The grid of `steps` indices of a chain of M, index(M, steps, k) for k = 0 .. steps - 1, then the
/// clean end. Throws Error (argument) that names `rule` for a process that is not discrete, a span
/// (the rule says where it runs), and more steps than indices.
[[nodiscard]] Grid index_grid(
    std::string_view rule, Sde const& sde, std::int64_t steps, Span span, IndexCount usable,
    std::function<std::int64_t(std::int64_t m, std::int64_t steps, std::int64_t k)> index);

}  // namespace retrace
