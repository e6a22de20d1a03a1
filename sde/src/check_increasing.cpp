// SPDX-License-Identifier: Apache-2.0

#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/sde/check_increasing.hpp>

#include <cmath>
#include <string>

namespace retrace {

void check_increasing(std::string_view low_name, double low, std::string_view high_name,
                      double high) {
  if (low > 0 && low < high && std::isfinite(high)) return;
  std::string const lows(low_name), highs(high_name);
  throw Error(Fault::argument,
              lows + " = " + shortest(low) + " does not go with " + highs + " = " + shortest(high),
              "they must be finite and 0 < " + lows + " < " + highs);
}

}  // namespace retrace
