// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/draw.hpp>

#include <cstdint>

namespace retrace {

/// Uniform on (-1, 1): the numbers that fix a high-dimensional target. From uniform draws, which
/// are exact in every build, not from normals.
inline double fixed_number(std::uint64_t seed, int component, int step, int number) {
  return 2 * draw_uniform(seed, static_cast<std::uint64_t>(component), Purpose::data,
                          {.step = step, .k = number}) -
         1;
}

}  // namespace retrace
