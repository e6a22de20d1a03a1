// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/registry.hpp>

#include <vector>

namespace retrace::testing {

/// The processes with a level at every t, and the grids for them: what is said of f, g2 and levels
/// between two times holds there only.
inline std::vector<Entry<Sde>> continuous_sdes() {
  std::vector<Entry<Sde>> entries;
  for (auto const& entry : sdes())
    if (!make_sde(entry.name).is_discrete()) entries.push_back(entry);
  return entries;
}

inline std::vector<GridEntry> continuous_rules() {
  std::vector<GridEntry> entries;
  for (auto const& entry : grid_rules())
    if (entry.time == Time::continuous) entries.push_back(entry);
  return entries;
}

}  // namespace retrace::testing
