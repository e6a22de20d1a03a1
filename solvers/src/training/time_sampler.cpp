// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/error.hpp>
#include <retrace/training/time_sampler.hpp>

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <numbers>

namespace retrace {
namespace {

constexpr double mean_log_rho = -1.2, deviation_log_rho = 1.2;
constexpr double least_share = 1e-3;
constexpr int draw_of_time = 1;  // among the draws of a row: 0 is its noise, 2 its datum

/// By halving: a few microseconds, for validation only.
double normal_quantile(double u) {
  double low = -9, high = 9;
  for (int i = 0; i < 60; ++i) {
    double const middle = (low + high) / 2;
    (std::erfc(-middle / std::numbers::sqrt2) < 2 * u ? low : high) = middle;
  }
  return (low + high) / 2;
}

}  // namespace

template <>
std::span<std::pair<std::string_view, TimeSampling> const> names() {
  static constexpr std::array<std::pair<std::string_view, TimeSampling>, 4> all{
      {{"uniform", TimeSampling::uniform},
       {"low-discrepancy", TimeSampling::low_discrepancy},
       {"log-normal", TimeSampling::log_normal},
       {"importance", TimeSampling::importance}}};
  return all;
}

TimeSampler::TimeSampler(Sde sde, TimeSampling sampling)
    : sde_(std::move(sde)),
      sampling_(sampling),
      first_(sde_.default_end(Solver::deterministic)),
      last_(sde_.t_max()) {
  if (sampling == TimeSampling::log_normal && sde_.is_discrete())
    throw Error(Fault::argument, "log-normal times need levels between the indices",
                std::string(sde_.name()) + " is discrete", "take uniform ones");
  if (sampling == TimeSampling::importance) history_.assign(std::size_t{bins} * (kept + 1), 0.0F);
}

int TimeSampler::bin(double u, int count) {
  return std::clamp(static_cast<int>(u * count), 0, count - 1);
}

/// Where a uniform number leads: to the bin in which it lies when bins are as wide as they are
/// probable, and as far in it.
TimeSampler::Place TimeSampler::place(double u) const {
  if (probability_.empty()) return {u, 1};
  std::size_t b = 0;
  while (b + 1 < std::size_t{bins} && u >= probability_[b]) u -= probability_[b++];
  double const within = std::min(u / probability_[b], 1 - 0x1p-53);
  return {(static_cast<double>(b) + within) / bins, 1 / (bins * probability_[b])};
}

NoiseLevel TimeSampler::log_normal(double z) const {
  NoiseLevel const level = sde_.at_lambda(-(mean_log_rho + deviation_log_rho * z));
  if (level.t() >= first_ && level.t() <= last_) return level;
  return sde_.at(std::clamp(level.t(), first_, last_));
}

NoiseLevel TimeSampler::at(double u) const {
  if (sde_.is_discrete())
    return sde_.at(std::min(first_ + std::floor(u * (last_ - first_ + 1)), last_));
  if (sampling_ == TimeSampling::log_normal) return log_normal(normal_quantile(u));
  return sde_.at(first_ + u * (last_ - first_));
}

void TimeSampler::draw(std::uint64_t seed, std::int64_t iteration, std::int64_t first,
                       std::int64_t count, std::int64_t batch,
                       std::vector<TrainingLevel>& levels) const {
  levels.clear();
  DrawKey const key{.step = iteration, .k = draw_of_time};
  auto const begin = static_cast<std::uint64_t>(first);
  if (sampling_ == TimeSampling::low_discrepancy) {
    double const shift = draw_uniform(seed, 0, Purpose::train, key);
    for (std::int64_t row = first; row < first + count; ++row) {
      double const u = shift + static_cast<double>(row) / static_cast<double>(batch);
      levels.push_back({at(u - std::floor(u)), 1});
    }
  } else if (sampling_ == TimeSampling::log_normal) {
    constexpr std::int64_t wide = 3;  // more than two, so that iterations share no block
    std::vector<float> z(static_cast<std::size_t>(count * wide));
    draw_normal_rows(seed, begin, Purpose::train, key, wide, z);
    for (std::size_t i = 0; i < z.size(); i += wide)
      levels.push_back({log_normal(static_cast<double>(z[i])), 1});
  } else {
    std::vector<double> drawn(static_cast<std::size_t>(count));
    draw_uniforms(seed, begin, Purpose::train, key, drawn);
    for (double const u : drawn) {
      Place const made = place(u);
      levels.push_back({at(made.u), made.factor});
    }
  }
}

void TimeSampler::learn(std::uint64_t seed, std::int64_t iteration, std::span<float const> losses) {
  if (sampling_ != TimeSampling::importance) return;
  std::vector<double> drawn(losses.size());
  draw_uniforms(seed, 0, Purpose::train, {.step = iteration, .k = draw_of_time}, drawn);
  for (std::size_t row = 0; row < losses.size(); ++row) {
    int const b = bin(place(drawn[row]).u, bins);
    float* const mine = &history_[static_cast<std::size_t>(b) * (kept + 1)];
    auto const have = static_cast<int>(mine[kept]);
    if (have == kept) std::copy(mine + 1, mine + kept, mine);
    mine[std::min(have, kept - 1)] = losses[row];
    mine[kept] = static_cast<float>(std::min(have + 1, kept));
  }
  weigh();
}

void TimeSampler::restore(std::span<float const> history) {
  assert(history.size() == history_.size());
  std::copy(history.begin(), history.end(), history_.begin());
  weigh();
}

void TimeSampler::weigh() {
  probability_.clear();
  std::vector<double> roots;
  double total = 0;
  for (std::size_t b = 0; b < std::size_t{bins} && !history_.empty(); ++b) {
    float const* const mine = &history_[b * (kept + 1)];
    if (mine[kept] < kept) return;
    double squares = 0;
    for (int i = 0; i < kept; ++i) squares += double{mine[i]} * double{mine[i]};
    roots.push_back(std::sqrt(squares / kept));
    total += roots.back();
  }
  if (!(total > 0)) return;
  for (double const root : roots)
    probability_.push_back((1 - least_share) * root / total + least_share / bins);
}

}  // namespace retrace
