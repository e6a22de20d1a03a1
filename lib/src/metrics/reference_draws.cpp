// SPDX-License-Identifier: Apache-2.0
#include "reference_draws.hpp"

#include <retrace/core/error.hpp>
#include <retrace/targets/draw_rows.hpp>

#include <string>

namespace retrace {

std::vector<double> reference_draws(Mixture const& law, std::int64_t count) {
  if (count < 2)
    throw Error(Fault::argument, std::to_string(count) + " references are too few",
                "their spread needs at least 2");
  // Not a number that users give as their seed, or the references would be their samples.
  constexpr std::uint64_t seed = 0x5ca1ab1e0ddba11;
  return draw_rows(law, seed, 0, count);
}

}  // namespace retrace
