// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/registry.hpp>
#include <retrace/sde/grid_rule.hpp>
#include <retrace/sde/sde.hpp>

#include <cstdint>
#include <string_view>
#include <vector>

namespace retrace {

/// A rule, and the kind of process that it is for.
struct GridEntry : Entry<GridRule> {
  Time time = Time::continuous;
};

/// Every forward process and every rule for grids that can be asked for by name, in the order of
/// `list`.
[[nodiscard]] std::vector<Entry<Sde>> const& sdes();
[[nodiscard]] std::vector<GridEntry> const& grid_rules();

/// The process of `name:key=value,...`. Throws Error (argument) for unknown names and options, with
/// the nearest known one, and for values outside their range.
[[nodiscard]] Sde make_sde(std::string_view spec);
/// The grid of the rule `name:key=value,...`; throws as make_sde, for bad ends and numbers of
/// steps, and where the rule is for another kind of process.
[[nodiscard]] Grid make_grid(std::string_view spec, Sde const& sde, std::int64_t steps,
                             Span span = {});

}  // namespace retrace
