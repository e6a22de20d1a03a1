// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

/// What the sources of tables have in common.
namespace retrace {

inline constexpr double no_weight = -1e30;  ///< log2, of the components that pad a table

inline std::size_t index(int i) { return static_cast<std::size_t>(i); }

}  // namespace retrace
