// SPDX-License-Identifier: Apache-2.0
#include "check_sample.hpp"
#include "sorted_projections.hpp"

#include <retrace/core/error.hpp>
#include <retrace/metrics/directions.hpp>
#include <retrace/metrics/projected_distances.hpp>

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <vector>

namespace retrace {
namespace {

/// Both distances on the line, from ascending values: one walk over the steps of F and G. The
/// integral of |F - G| is that of |F^-1 - G^-1|, so that unequal sizes need nothing of their own.
ProjectedDistances distances_on_line(std::span<double const> x, std::span<double const> y) {
  auto const n = static_cast<double>(x.size()), m = static_cast<double>(y.size());
  ProjectedDistances out{0, 0};
  std::size_t i = 0, j = 0;
  double last = std::min(x.front(), y.front());
  while (i < x.size() || j < y.size()) {
    bool const from_x = j == y.size() || (i < x.size() && x[i] <= y[j]);
    double const next = from_x ? x[i] : y[j];
    // Two quotients, not one product: equal fractions of unequal sizes then differ by exactly zero.
    double const difference = static_cast<double>(i) / n - static_cast<double>(j) / m;
    out.sliced_wasserstein += std::abs(difference) * (next - last);
    out.energy_distance += 2 * difference * difference * (next - last);
    last = next;
    ++(from_x ? i : j);
  }
  return out;
}

/// c_d = sqrt(pi) Gamma((d + 1) / 2) / Gamma(d / 2):
/// c_1 = 1, c_2 = pi / 2, c_(d+2) = c_d (d + 1) / d.
double norm_per_projection(int dimension) {
  bool const odd = dimension % 2 == 1;
  double c = odd ? 1 : std::numbers::pi / 2;
  for (int d = odd ? 1 : 2; d < dimension; d += 2) c *= (d + 1.0) / d;
  return c;
}

}  // namespace

ProjectedDistances projected_distances(std::span<double const> x, std::span<double const> y,
                                       int dimension, int direction_count) {
  std::vector<double> const all = directions(dimension, direction_count);
  auto const d = static_cast<std::size_t>(dimension);
  check_sample(x, d, "first sample");
  check_sample(y, d, "second sample");

  std::vector<ProjectedDistances> lines(all.size() / d);
  tbb::parallel_for(std::size_t{0}, lines.size(), [&](std::size_t k) {
    auto const direction = std::span(all).subspan(k * d, d);
    lines[k] =
        distances_on_line(sorted_projections(x, direction), sorted_projections(y, direction));
  });

  // Summed here in their order, not by the threads: the bits must not depend on who finishes first.
  ProjectedDistances mean{0, 0};
  for (ProjectedDistances const& line : lines) {
    mean.sliced_wasserstein += line.sliced_wasserstein / static_cast<double>(lines.size());
    mean.energy_distance += line.energy_distance / static_cast<double>(lines.size());
  }
  mean.energy_distance *= norm_per_projection(dimension);
  if (!std::isfinite(mean.sliced_wasserstein) || !std::isfinite(mean.energy_distance))
    throw Error(Fault::numerics, "the distance between the samples overflows",
                "their values are near the largest number there is");
  return mean;
}

double sliced_wasserstein(std::span<double const> x, std::span<double const> y, int dimension,
                          int direction_count) {
  return projected_distances(x, y, dimension, direction_count).sliced_wasserstein;
}

double energy_distance(std::span<double const> x, std::span<double const> y, int dimension,
                       int direction_count) {
  return projected_distances(x, y, dimension, direction_count).energy_distance;
}

}  // namespace retrace
