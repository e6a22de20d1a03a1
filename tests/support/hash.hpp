// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace retrace::testing {

/// FNV-1a over the bytes of an array.
template <class T>
std::uint64_t hash_bytes(T const* data, std::size_t count) {
  std::uint64_t hash = 1469598103934665603U;
  for (std::size_t i = 0; i < count * sizeof(T); ++i) {
    unsigned char byte;
    std::memcpy(&byte, reinterpret_cast<char const*>(data) + i, 1);
    hash = (hash ^ byte) * 1099511628211U;
  }
  return hash;
}

}  // namespace retrace::testing
