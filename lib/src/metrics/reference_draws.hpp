// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/mixture.hpp>

#include <cstdint>
#include <vector>

namespace retrace {

/// `count` exact draws [count][d] of a seed of their own. Throws Fault::argument below 2.
[[nodiscard]] std::vector<double> reference_draws(Mixture const& law, std::int64_t count);

}  // namespace retrace
