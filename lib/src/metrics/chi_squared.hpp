// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace retrace {

/// What chi-squared of `freedom` degrees (positive) exceeds with `probability`, in (0, 1/2): to
/// 1e-9 of itself.
[[nodiscard]] double chi_squared_quantile(double probability, double freedom);

}  // namespace retrace
