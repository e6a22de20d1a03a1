// SPDX-License-Identifier: Apache-2.0
#include "check_sample.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/noise_level.hpp>
#include <retrace/metrics/mode_weights.hpp>

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace retrace {
namespace {

/// Of gamma_k - w_k over some samples.
struct Sums {
  std::vector<double> deviations, squares;

  explicit Sums(std::size_t components) : deviations(components), squares(components) {}
};

Sums sums_of_rows(std::span<double const> x, MixtureAtLevel const& posterior,
                  std::span<double const> weights, std::size_t d) {
  Sums out(weights.size());
  std::vector<double> gamma(weights.size());
  for (std::size_t i = 0; i < x.size(); i += d) {
    posterior.responsibilities(x.subspan(i, d), gamma);
    for (std::size_t k = 0; k < gamma.size(); ++k) {
      double const away = gamma[k] - weights[k];
      out.deviations[k] += away;
      out.squares[k] += away * away;
    }
  }
  return out;
}

/// What the mean of n values in [0, 1] is off its expectation by with a probability of at most
/// 6 exp(-log_odds): twice one such term for the first bound, twice two for the second.
double threshold(double weight, double variance, double n, double log_odds) {
  double const known = std::sqrt(2 * weight * (1 - weight) * log_odds / n) + log_odds / (3 * n);
  double const measured =
      n > 1 ? std::sqrt(2 * variance * log_odds / n) + 7 * log_odds / (3 * (n - 1))
            : std::numeric_limits<double>::infinity();
  return std::min(known, measured);
}

}  // namespace

ModeWeights mode_weights(std::span<double const> x, Mixture const& law) {
  auto const d = static_cast<std::size_t>(law.dimension());
  check_sample(x, d);
  MixtureAtLevel const posterior = law.at(NoiseLevel::clean(0));
  std::span<double const> const weights = law.weights();
  std::size_t const components = weights.size(), rows = x.size() / d;
  // Many rows make large blocks, not many: each has sums of its own for every component.
  std::size_t const block = std::max<std::size_t>(512, rows / 64) * d;
  std::vector<Sums> blocks((x.size() + block - 1) / block, Sums(components));
  tbb::parallel_for(std::size_t{0}, blocks.size(), [&](std::size_t b) {
    auto const part = x.subspan(b * block, std::min(block, x.size() - b * block));
    blocks[b] = sums_of_rows(part, posterior, weights, d);
  });

  // In their order, so that the bits do not depend on the threads.
  Sums total(components);
  for (Sums const& part : blocks)
    for (std::size_t k = 0; k < components; ++k) {
      total.deviations[k] += part.deviations[k];
      total.squares[k] += part.squares[k];
    }

  auto const n = static_cast<double>(rows);
  double const log_odds = std::log(6 * static_cast<double>(components) / check_level);
  ModeWeights out{{}, {0, 0, 1}};
  for (std::size_t k = 0; k < components; ++k) {
    double const deviation = total.deviations[k] / n;
    if (!std::isfinite(deviation))
      throw Error(Fault::numerics, "the share of a component is not a number",
                  "a sample is so far out that the density of every component is zero there");
    double const variance =
        std::max(0.0, total.squares[k] - n * deviation * deviation) / std::max(1.0, n - 1);
    double const limit = threshold(weights[k], variance, n, log_odds);
    out.components.push_back({weights[k] + deviation, weights[k], limit});
    out.largest.value = std::max(out.largest.value, std::abs(deviation) / limit);
  }
  return out;
}

}  // namespace retrace
