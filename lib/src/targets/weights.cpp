// SPDX-License-Identifier: Apache-2.0
#include "weights.hpp"

#include <retrace/core/error.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <utility>

namespace retrace {

void refuse(std::string const& problem, std::string const& reason) {
  throw Error(Fault::argument, problem, reason);
}

std::string number_text(double value) {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%.10g", value);
  return digits;
}

std::string entry(char const* array, std::size_t i) {
  return std::string(array) + "[" + std::to_string(i) + "]";
}

std::string entry(char const* array, std::size_t i, std::size_t j) {
  return entry(array, i) + "[" + std::to_string(j) + "]";
}

void check_weights(std::vector<double> const& weights) {
  if (weights.empty()) refuse("weights are empty", "a mixture has at least one component");
  double sum = 0;
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (!(weights[k] > 0) || !std::isfinite(weights[k]))
      refuse(entry("weights", k) + " is " + number_text(weights[k]),
             "weights are positive and finite");
    sum += weights[k];
  }
  if (!(std::abs(sum - 1) <= 1e-9))
    refuse("weights sum to " + number_text(sum), "they sum to 1 within 1e-9");
}

Weights::Weights(std::vector<double> checked) : values(std::move(checked)) {
  double const sum = std::accumulate(values.begin(), values.end(), 0.0);
  for (double& w : values) w /= sum;
  cumulative.resize(values.size());
  std::partial_sum(values.begin(), values.end(), cumulative.begin());
}

std::size_t Weights::chosen_by(double u) const {
  auto const above = std::upper_bound(cumulative.begin(), cumulative.end() - 1, u);
  return static_cast<std::size_t>(above - cumulative.begin());
}

}  // namespace retrace
