// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Kokkos_Macros.hpp>

#include <cstddef>
#include <cstdint>

namespace retrace {

/// Vector registers are loaded from and stored to addresses that are multiples of this.
inline constexpr std::size_t alignment = 64;

/// The first aligned T at or after p, which must have `alignment` bytes to spare.
template <class T>
[[nodiscard]] KOKKOS_INLINE_FUNCTION T* first_aligned(void* p) {
  std::size_t const over = reinterpret_cast<std::uintptr_t>(p) % alignment;
  return reinterpret_cast<T*>(static_cast<char*>(p) + (over == 0 ? 0 : alignment - over));
}

}  // namespace retrace
