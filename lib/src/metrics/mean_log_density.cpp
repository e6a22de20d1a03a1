// SPDX-License-Identifier: Apache-2.0
#include "check_sample.hpp"
#include "reference_draws.hpp"

#include <retrace/core/noise_level.hpp>
#include <retrace/metrics/mean_log_density.hpp>

#include <tbb/parallel_for.h>

#include <cmath>
#include <cstddef>
#include <vector>

namespace retrace {
namespace {

struct Moments {
  double mean, variance, count;
};

Moments log_density_moments(std::span<double const> x, MixtureAtLevel const& law, std::size_t d) {
  std::vector<double> values(x.size() / d);
  tbb::parallel_for(std::size_t{0}, values.size(),
                    [&](std::size_t i) { values[i] = law.log_density(x.subspan(i * d, d)); });
  // In their order, so that the bits do not depend on the threads.
  auto const n = static_cast<double>(values.size());
  Moments out{0, 0, n};
  for (double v : values) out.mean += v / n;
  for (double v : values) out.variance += (v - out.mean) * (v - out.mean) / n;
  return out;
}

Moments exact_moments(Mixture const& law, MixtureAtLevel const& density, std::int64_t references) {
  auto const d = static_cast<std::size_t>(law.dimension());
  if (law.components() > 1)
    return log_density_moments(reference_draws(law, references), density, d);
  // -|z|^2 / 2 below the density at the mean, for a standard normal z.
  double const half = static_cast<double>(d) / 2;
  return {density.log_density(law.means()) - half, half, INFINITY};
}

}  // namespace

Checked mean_log_density(std::span<double const> x, Mixture const& law, std::int64_t references) {
  auto const d = static_cast<std::size_t>(law.dimension());
  check_sample(x, d);
  MixtureAtLevel const density = law.at(NoiseLevel::clean(0));
  Moments const found = log_density_moments(x, density, d);
  Moments const exact = exact_moments(law, density, references);
  return {found.mean, exact.mean,
          check_z * std::sqrt(exact.variance * (1 / found.count + 1 / exact.count))};
}

}  // namespace retrace
