// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

namespace retrace {

/// f(std::integral_constant<int, D>) for the dimensions that kernels are compiled for: D = 1, 2 and
/// 3, and for any other 0, which leaves it to the run.
template <class F>
auto with_dimension_case(int dimension, F const& f) {
  switch (dimension) {
    case 1:
      return f(std::integral_constant<int, 1>{});
    case 2:
      return f(std::integral_constant<int, 2>{});
    case 3:
      return f(std::integral_constant<int, 3>{});
    default:
      return f(std::integral_constant<int, 0>{});
  }
}

}  // namespace retrace
