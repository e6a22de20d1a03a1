// SPDX-License-Identifier: Apache-2.0
#include "check_sample.hpp"

#include <retrace/core/error.hpp>

#include <algorithm>
#include <cmath>

namespace retrace {

void check_sample(std::span<double const> sample, std::size_t dimension, std::string const& which) {
  auto const shape = [&] {
    return std::to_string(sample.size()) + " values in dimension " + std::to_string(dimension);
  };
  if (sample.empty())
    throw Error(Fault::argument, "the " + which + " is empty",
                "a distance needs at least one point on each side");
  if (sample.size() % dimension != 0)
    throw Error(Fault::argument, "the " + which + " is no whole number of points", shape());
  auto const bad =
      std::find_if_not(sample.begin(), sample.end(), [](double v) { return std::isfinite(v); });
  if (bad != sample.end())
    throw Error(
        Fault::argument, "the " + which + " has a value that is not finite",
        "row " + std::to_string(static_cast<std::size_t>(bad - sample.begin()) / dimension));
}

}  // namespace retrace
