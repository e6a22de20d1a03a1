// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>

namespace retrace::testing {

using Counter = std::array<std::uint32_t, 4>;

/// Philox4x32-10 written again from the paper (Salmon et al. 2011, section 3.3): a round multiplies
/// words 0 and 2 and mixes the high halves into words 1 and 3; the key grows by Weyl's constants.
inline Counter philox_reference(Counter x, std::uint64_t seed) {
  std::uint64_t key[2] = {seed & 0xffffffff, seed >> 32};
  for (int round = 0; round < 10; ++round) {
    std::uint64_t const left = x[0] * std::uint64_t{3528531795};   // 0xD2511F53
    std::uint64_t const right = x[2] * std::uint64_t{3449720151};  // 0xCD9E8D57
    x = {static_cast<std::uint32_t>(right / 4294967296 ^ x[1] ^ key[0]),
         static_cast<std::uint32_t>(right % 4294967296),
         static_cast<std::uint32_t>(left / 4294967296 ^ x[3] ^ key[1]),
         static_cast<std::uint32_t>(left % 4294967296)};
    key[0] = (key[0] + 2654435769) % 4294967296;  // the golden ratio
    key[1] = (key[1] + 3144134277) % 4294967296;  // sqrt(3) - 1
  }
  return x;
}

/// Two normals of two words by Box and Muller, in double from where the first word has been
/// rounded.
inline std::array<double, 2> box_muller_reference(std::uint32_t w0, std::uint32_t w1) {
  auto const u =
      static_cast<float>(static_cast<double>(static_cast<float>(w0)) * 0x1p-32 + 0x1p-33);
  double const radius = std::sqrt(-2 * std::log(static_cast<double>(u)));
  double const angle = 2 * std::numbers::pi * 0x1p-32 * w1;
  return {radius * std::cos(angle), radius * std::sin(angle)};
}

inline std::array<double, 4> normals_reference(Counter const& counter, std::uint64_t seed) {
  Counter const w = philox_reference(counter, seed);
  auto const a = box_muller_reference(w[0], w[1]), b = box_muller_reference(w[2], w[3]);
  return {a[0], a[1], b[0], b[1]};
}

}  // namespace retrace::testing
