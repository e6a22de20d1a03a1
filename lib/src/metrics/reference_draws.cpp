// SPDX-License-Identifier: Apache-2.0
#include "reference_draws.hpp"

#include <retrace/core/error.hpp>

#include <oneapi/tbb/parallel_for.h>

#include <cstddef>
#include <span>
#include <string>

namespace retrace {

std::vector<double> reference_draws(Mixture const& law, std::int64_t count) {
  if (count < 2)
    throw Error(Fault::argument, std::to_string(count) + " references are too few",
                "their spread needs at least 2");
  // Not a number that users give as their seed, or the references would be their samples.
  constexpr std::uint64_t seed = 0x5ca1ab1e0ddba11;
  auto const d = static_cast<std::size_t>(law.dimension());
  std::vector<double> out(static_cast<std::size_t>(count) * d);
  tbb::parallel_for(std::int64_t{0}, count, [&](std::int64_t i) {
    law.draw(seed, i, std::span(out).subspan(static_cast<std::size_t>(i) * d, d));
  });
  return out;
}

}  // namespace retrace
