// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/aligned.hpp>

#include <cstddef>
#include <new>
#include <vector>

namespace retrace {

/// Memory that begins at a multiple of `alignment`.
template <class T>
struct AlignedAllocator {
  using value_type = T;  // NOLINT(readability-identifier-naming): the standard's name

  AlignedAllocator() = default;
  template <class U>
  // NOLINTNEXTLINE(google-explicit-constructor): as the standard asks of allocators
  AlignedAllocator(AlignedAllocator<U> const&) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    return static_cast<T*>(::operator new (count * sizeof(T), std::align_val_t{alignment}));
  }
  void deallocate(T* memory, std::size_t) {
    ::operator delete (memory, std::align_val_t{alignment});
  }
  friend bool operator==(AlignedAllocator const&, AlignedAllocator const&) { return true; }
};

/// Numbers that vector registers are loaded from.
template <class T>
using AlignedVector = std::vector<T, AlignedAllocator<T>>;

}  // namespace retrace
