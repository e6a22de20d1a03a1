// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace retrace {

/// Of mixtures that are computed from others or from data. The tables of a fused run hold a few
/// numbers for each of the mixture's, at every level, and a tile's offsets in them are int.
inline constexpr std::size_t most_components = 131'072;
/// Of all means, or of all covariances.
inline constexpr std::size_t most_numbers = std::size_t{1} << 24;

}  // namespace retrace
