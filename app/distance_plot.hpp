// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "comparison.hpp"

#include <string>
#include <vector>

namespace retrace::app {

/// The script of a picture: both distances against evaluations on logarithmic axes, a line for each
/// sampler, and the floor.
[[nodiscard]] std::string distance_plot(Comparison const& comparison,
                                        std::vector<std::string> const& samplers);

}  // namespace retrace::app
