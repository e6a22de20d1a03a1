// SPDX-License-Identifier: Apache-2.0
#include "diffuse.hpp"

#include <retrace/core/draw.hpp>

#include <cstddef>
#include <vector>

namespace retrace {

void diffuse(NoiseLevel const& level, std::uint64_t seed, std::int64_t sample,
             std::span<double> x) {
  std::vector<float> z(x.size());
  draw_normals(seed, static_cast<std::uint64_t>(sample), Purpose::data, {.step = 0, .k = 2}, z);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = level.alpha() * x[i] + level.sigma() * double{z[i]};
}

}  // namespace retrace
