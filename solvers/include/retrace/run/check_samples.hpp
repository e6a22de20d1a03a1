// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace retrace {

/// What every run needs before it computes anything. Throws Error (argument) without a Runtime, for
/// a negative number of samples and for a dimension out of range; (memory) where the samples, of
/// numbers of so many bytes, do not fit.
void check_samples(std::int64_t samples, int dimension, std::size_t bytes);

}  // namespace retrace
