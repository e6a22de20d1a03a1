// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Kokkos_Macros.hpp>

namespace retrace {

/// 0 where x (a number or a pack of lanes) is finite, NaN where it is not. Sums keep the NaN; a
/// maximum would drop it.
template <class X>
[[nodiscard]] KOKKOS_FORCEINLINE_FUNCTION X zero_if_finite(X x) {
  return x - x;
}

/// Whether at(0), ..., at(count - 1) are all finite.
template <class At>
[[nodiscard]] KOKKOS_FORCEINLINE_FUNCTION bool all_finite(int count, At const& at) {
  auto sum = zero_if_finite(at(0));
  for (int i = 1; i < count; ++i) sum += zero_if_finite(at(i));
  return sum == 0;
}

}  // namespace retrace
