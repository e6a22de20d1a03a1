// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace retrace {

/// Draws for validation are numbered where no training comes to: none has as many rows.
inline constexpr std::int64_t first_for_validation = std::int64_t{1} << 62;

}  // namespace retrace
