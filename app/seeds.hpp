// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"

#include <cstdint>
#include <random>

namespace retrace::app {

/// --seed, else one that nobody has used: it is in every report.
[[nodiscard]] inline std::uint64_t seed_of(Given const& seed) {
  if (seed) return seed.seed();
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

}  // namespace retrace::app
