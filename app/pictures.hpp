// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "comparison.hpp"

#include <string>
#include <vector>

namespace retrace::app {

struct Picture {
  std::string file;     ///< name in the folder of the report
  std::string sampler;  ///< empty for the one of all
  std::string png;
};

/// Distance against evaluations for all samplers, then for each sampler its samples at every number
/// of evaluations beside exact draws.
[[nodiscard]] std::vector<Picture> draw_pictures(Comparison const& comparison);

}  // namespace retrace::app
