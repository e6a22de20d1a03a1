// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/sde/chain.hpp>

#include <cassert>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

namespace retrace {
namespace {

[[noreturn]] void refuse_entry(char const* what, std::size_t i, double value, char const* reason) {
  throw Error(Fault::argument,
              std::string(what) + "[" + std::to_string(i) + "] is " + shortest(value), reason);
}

void require_steps(std::size_t steps) {
  if (steps == 0) throw Error(Fault::argument, "a chain without steps", "it takes at least one");
}

double lambda_of(LevelValues const& level) { return level.log_alpha - level.log_sigma; }

}  // namespace

void Chain::accumulate() {
  log_alpha_bar_.resize(log_steps_.size());
  double sum = 0;
  for (std::size_t i = 0; i < log_steps_.size(); ++i) {
    double const next = sum + log_steps_[i];
    if (!(next < sum))
      refuse_entry("alpha_bar", i, std::exp(next), "it must decrease from index to index");
    log_alpha_bar_[i] = sum = next;
  }
}

Chain::Chain(std::vector<double> betas) : betas_(std::move(betas)) {
  require_steps(betas_.size());
  for (std::size_t i = 0; i < betas_.size(); ++i) {
    if (!(betas_[i] > 0 && betas_[i] < 1))
      refuse_entry("beta", i, betas_[i], "a beta must be in (0, 1)");
    log_steps_.push_back(std::log1p(-betas_[i]));
  }
  accumulate();
  timesteps_.resize(betas_.size());
  std::iota(timesteps_.begin(), timesteps_.end(), std::int64_t{0});
}

Chain Chain::of_alpha_bar(std::span<double const> alpha_bar) {
  require_steps(alpha_bar.size());
  Chain chain;
  double before = 1;
  for (std::size_t i = 0; i < alpha_bar.size(); ++i) {
    bool const falls = alpha_bar[i] >= 0 && alpha_bar[i] < before;
    if (!falls)
      refuse_entry("alpha_bar", i, alpha_bar[i],
                   "it must decrease from index to index, within [0, 1)");
    double const beta = (before - alpha_bar[i]) / before;
    chain.timesteps_.push_back(static_cast<std::int64_t>(i));
    chain.betas_.push_back(beta);
    // What is left is known better than what is lost where most is lost.
    chain.log_steps_.push_back(beta < 0.5 ? std::log1p(-beta) : std::log(alpha_bar[i] / before));
    before = alpha_bar[i];
  }
  chain.accumulate();
  return chain;
}

Chain Chain::respaced(std::vector<std::int64_t> const& indices) const {
  require_steps(indices.size());
  Chain chain;
  std::int64_t next = 0;  // the first index not yet in a step
  for (std::int64_t const index : indices) {
    if (index < next || index >= size())
      throw Error(Fault::argument, "index " + std::to_string(index) + " of a respaced chain",
                  "indices must rise within [0, " + std::to_string(size() - 1) + "]");
    bool const same = index == next;
    double log_step = 0;
    for (; next <= index; ++next) log_step += log_steps_[static_cast<std::size_t>(next)];
    auto const i = static_cast<std::size_t>(index);
    chain.timesteps_.push_back(timesteps_[i]);
    chain.log_steps_.push_back(log_step);
    chain.log_alpha_bar_.push_back(log_alpha_bar_[i]);  // the same level, to the last bit
    chain.betas_.push_back(same ? betas_[i] : -std::expm1(log_step));
  }
  return chain;
}

Chain Chain::with_zero_snr() const {
  if (size() < 2)
    throw Error(Fault::argument, "a chain of one step cannot end at alpha = 0",
                "its first level has to stay as it is", "take at least two steps");
  // With r = sqrt(alpha_bar): r' / r'_prev = (r - r_last) / (r_prev - r_last) = 1 - q, where
  // q = (r_prev - r) / (r_prev - r_last) = expm1(step / 2) / expm1(rest / 2), no difference left.
  Chain chain = *this;
  double rest = 0;  // of the log steps from here to the last
  for (std::size_t i = betas_.size() - 1; i > 0; --i) {
    rest += log_steps_[i];
    double const q = std::expm1(log_steps_[i] / 2) / std::expm1(rest / 2);
    chain.log_steps_[i] = 2 * std::log1p(-q);
    chain.betas_[i] = q * (2 - q);
  }
  chain.accumulate();
  return chain;
}

LevelValues Chain::at(std::int64_t index) const {
  assert(index >= 0 && index < size());
  constexpr double absent = std::numeric_limits<double>::quiet_NaN();
  double const log_alpha_bar = log_alpha_bar_[static_cast<std::size_t>(index)];
  double const variance = -std::expm1(log_alpha_bar);
  return {.t = static_cast<double>(index),
          .log_alpha = log_alpha_bar / 2,
          .log_sigma = std::log(variance) / 2,
          .alpha = std::exp(log_alpha_bar / 2),
          .sigma = std::sqrt(variance),
          .alpha_rate = absent,
          .sigma_rate = absent,
          .variance_rate = absent};
}

double Chain::index_of_lambda(double lambda) const {
  std::int64_t low = 0, high = size() - 1;  // lambda falls from low to high
  if (!(lambda < lambda_of(at(low)))) return 0;
  if (!(lambda > lambda_of(at(high)))) return static_cast<double>(high);
  while (high - low > 1) {
    std::int64_t const middle = low + (high - low) / 2;
    (lambda_of(at(middle)) >= lambda ? low : high) = middle;
  }
  double const above = lambda_of(at(low)), below = lambda_of(at(high));
  return static_cast<double>(low) + (above - lambda) / (above - below);
}

}  // namespace retrace
