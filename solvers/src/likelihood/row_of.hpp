// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>

#include <cstddef>
#include <span>

namespace retrace {

inline std::span<double const> row_of(HostArray<double> const& x, std::size_t row) {
  return {&x(row, 0), x.extent(1)};
}

}  // namespace retrace
