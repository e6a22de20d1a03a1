// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace retrace {

/// numerator / denominator rounded to the nearest integer, half to even as numpy's round, exactly.
/// Both must be at least 0 and their product with 2 fit.
[[nodiscard]] std::int64_t rounded_ratio(std::int64_t numerator, std::int64_t denominator);

/// Index k, ascending, of `count` out of `steps`: k (steps - 1) / (count - 1), half to even; 0 for
/// count = 1. It is improved-diffusion's "N" (Nichol and Dhariwal 2021, section 4), which
/// accumulates in floats and differs at some N.
[[nodiscard]] std::int64_t evenly_spaced_index(std::int64_t steps, std::int64_t count,
                                               std::int64_t k);
/// All of them. Throws Error (argument) for count outside [1, steps].
[[nodiscard]] std::vector<std::int64_t> evenly_spaced_indices(std::int64_t steps,
                                                              std::int64_t count);

/// The indices 0, s, 2s, ... of the smallest stride s that gives exactly `count` of them:
/// improved-diffusion's "ddimN". Throws Error (argument) where no stride does.
[[nodiscard]] std::vector<std::int64_t> strided_indices(std::int64_t steps, std::int64_t count);

/// The indices of `N` or `ddimN`. Throws Error (argument) naming `what` for any other text.
[[nodiscard]] std::vector<std::int64_t> respaced_indices(std::string_view what,
                                                         std::string_view text, std::int64_t steps);

}  // namespace retrace
