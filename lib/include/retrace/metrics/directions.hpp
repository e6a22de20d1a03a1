// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

namespace retrace {

/// Fixed unit vectors [count][dimension] to project samples on; a pure function of its arguments.
///
/// One dimension: the single vector {1}, whatever `count` is. Two: the angles (k + 1/2) pi / count,
/// so that a mean of |u . v| over them is 2 |v| / pi to a relative pi^2 / (12 count^2) or so. Three
/// and more: uniform on the sphere, a standard error of O(1 / sqrt(count)), with the coordinate
/// axes in front of them when count > dimension. Throws Fault::argument unless both arguments are
/// positive.
[[nodiscard]] std::vector<double> directions(int dimension, int count);

}  // namespace retrace
