// SPDX-License-Identifier: Apache-2.0
#include "mixture_limits.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/targets/kernel_density.hpp>

#include <cassert>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace retrace {
namespace {

void check_rows(std::vector<double> const& rows, std::size_t n, std::size_t d) {
  if (n < 2)
    throw Error(
        Fault::argument,
        "a data set of " + std::to_string(n) + (n == 1 ? " row" : " rows") + " is no target",
        "it takes at least 2 rows");
  if (n > most_components || rows.size() > most_numbers)
    throw Error(Fault::argument,
                "a data set of " + std::to_string(n) + " rows of " + std::to_string(d) +
                    " numbers is too large",
                "it takes at most " + std::to_string(most_components) + " rows and " +
                    std::to_string(most_numbers) + " numbers",
                "take a part of it");
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (!std::isfinite(rows[i]))
      throw Error(Fault::argument, "row " + std::to_string(i / d) + ", column " +
                                       std::to_string(i % d) + " of the data is not finite");
}

}  // namespace

Mixture kernel_density(std::vector<double> rows, std::int64_t dimension, double bandwidth) {
  assert(dimension >= 1);
  auto const d = static_cast<std::size_t>(dimension);
  assert(rows.size() % d == 0);
  if (!(bandwidth >= least_bandwidth && bandwidth <= most_bandwidth))
    throw Error(Fault::argument, "bandwidth cannot be " + shortest(bandwidth),
                "it takes a number in [" + shortest(least_bandwidth) + ", " +
                    shortest(most_bandwidth) + "]");
  std::size_t const n = rows.size() / d;
  check_rows(rows, n, d);
  return Mixture::isotropic(std::vector<double>(n, 1 / static_cast<double>(n)), std::move(rows),
                            std::vector<double>(n, bandwidth * bandwidth));
}

}  // namespace retrace
