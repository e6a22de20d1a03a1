// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace retrace {

/// P(X <= h, Y <= k) of standard normal values whose correlation is the cosine of `angle`, which is
/// in (0, pi): to 1e-15, however near to a line they are. h and k may be infinite.
[[nodiscard]] double normal_quadrant(double h, double k, double angle);

}  // namespace retrace
