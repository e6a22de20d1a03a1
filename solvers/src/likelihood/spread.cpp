// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/spread.hpp>

#include <cmath>
#include <limits>
#include <numeric>

namespace retrace {

void Spread::add(std::span<double const> group) {
  if (group.empty()) return;
  auto const more = static_cast<double>(group.size());
  double const its_mean = std::accumulate(group.begin(), group.end(), 0.0) / more;
  double its_squares = 0;
  for (double const value : group) its_squares += (value - its_mean) * (value - its_mean);
  auto const before = static_cast<double>(count);
  double const apart = its_mean - mean, all = before + more;
  mean = count == 0 ? its_mean : mean + apart * (more / all);
  squares += its_squares + (count == 0 ? 0 : apart * apart * (before * more / all));
  count += static_cast<std::int64_t>(group.size());
}

double Spread::standard_error() const {
  if (count < 2) return std::numeric_limits<double>::infinity();
  auto const n = static_cast<double>(count);
  return std::sqrt(squares / (n - 1) / n);
}

}  // namespace retrace
