// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/architecture.hpp>
#include <retrace/sde/sde.hpp>

#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace {

/// How the times of a batch are drawn.
enum class TimeSampling {
  uniform,
  low_discrepancy,  ///< evenly spaced, shifted at random (Kingma et al. 2021, appendix I.1)
  log_normal,       ///< log(sigma / alpha) is N(-1.2, 1.2^2) (Karras et al. 2022, table 1)
  importance        ///< where losses have been large (Nichol and Dhariwal 2021, section 3.3)
};
template <>
std::span<std::pair<std::string_view, TimeSampling> const> names();

/// A level of a batch, and what its loss is multiplied by.
struct TrainingLevel {
  NoiseLevel level;
  double factor;
};

/// Draws the levels of training from a range of times, each a pure function of seed, iteration and
/// row (purpose `train`), and for `importance` of the losses it was told of.
///
/// Importance sampling divides the range into 64 bins and keeps the last 10 losses of each. Bin b
/// is drawn with a probability proportional to the root of the mean square of its losses, but at
/// least 1/1000 of an even share, and the loss divided by that; evenly until every bin has 10.
class TimeSampler {
 public:
  static constexpr int bins = 64, kept = 10;

  /// From the SDE's default end to its largest t. Throws Error (argument) where the process has no
  /// log-normal levels: a discrete one.
  TimeSampler(Sde sde, TimeSampling sampling);

  [[nodiscard]] TimeSampling sampling() const { return sampling_; }

  /// For `count` rows of `batch` from row `first` on; what `levels` held is replaced.
  void draw(std::uint64_t seed, std::int64_t iteration, std::int64_t first, std::int64_t count,
            std::int64_t batch, std::vector<TrainingLevel>& levels) const;
  /// The level at a place u in (0, 1) of the range; `log-normal`: at that quantile.
  [[nodiscard]] NoiseLevel at(double u) const;
  /// Which part of `count` of the range a level lies in.
  [[nodiscard]] static int bin(double u, int count);

  /// The losses of a batch, before their factors, in the order of its rows. Only `importance`
  /// listens.
  void learn(std::uint64_t seed, std::int64_t iteration, std::span<float const> losses);

  /// What it remembers, as it goes into a checkpoint.
  [[nodiscard]] std::span<float const> history() const { return history_; }
  void restore(std::span<float const> history);

 private:
  struct Place {
    double u, factor;
  };
  [[nodiscard]] Place place(double u) const;
  [[nodiscard]] NoiseLevel log_normal(double z) const;
  void weigh();

  Sde sde_;
  TimeSampling sampling_;
  double first_, last_;
  std::vector<float> history_;       // per bin the losses, oldest first, then how many there are
  std::vector<double> probability_;  // empty: even
};

}  // namespace retrace
