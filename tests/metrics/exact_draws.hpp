// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/mixture.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace retrace::testing {

/// n exact draws of a law, [n][d].
inline std::vector<double> exact_draws(Mixture const& law, std::size_t n, std::uint64_t seed) {
  auto const d = static_cast<std::size_t>(law.dimension());
  std::vector<double> out(n * d);
  for (std::size_t i = 0; i < n; ++i)
    law.draw(seed, static_cast<std::int64_t>(i), std::span(out).subspan(i * d, d));
  return out;
}

/// Every value by a factor: the plainest fault of a sampler.
inline std::vector<double> stretched(std::vector<double> x, double by) {
  for (double& v : x) v *= by;
  return x;
}

}  // namespace retrace::testing
