// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/gradient_tile.hpp>
#include <retrace/training/trainer.hpp>

#include <tbb/enumerable_thread_specific.h>

#include <cstdint>
#include <span>
#include <vector>

namespace retrace {

/// The examples of an iteration, made where they are used, and their losses and gradient. Rows go
/// in blocks, whose number depends on the batch alone; a block is one thread's work and has a
/// gradient of its own.
class Trainer::Batch {
 public:
  Batch(TrainingTask const& task, Network const& start, Trainable const& trainable,
        TimeSampler const& times);

  /// Losses of all rows, as they count, and the gradient of each block.
  void run(std::span<float const> parameters, std::int64_t iteration);
  [[nodiscard]] std::span<float const> losses() const { return losses_; }
  /// What losses have been multiplied by because of the way times are drawn.
  [[nodiscard]] std::span<float const> factors() const { return factors_; }
  [[nodiscard]] std::span<AlignedVector<float>> gradients() { return gradients_; }

  /// The mean loss on draws for validation, number first, first + 1, ..., at places u of the range.
  [[nodiscard]] double validation_loss(std::span<float const> parameters, std::int64_t first,
                                       std::span<double const> places);

 private:
  using Tile = GradientTile<float, simd::Native>;

  /// Examples at levels, of data x with their conditions y.
  void fill(Tile& tile, std::span<TrainingLevel const> levels, double const* x, double const* y,
            float const* noise) const;
  /// One of them, without its embedding and condition.
  void fill_row(Tile& tile, int row, TrainingLevel const& at, double const* x,
                float const* noise) const;
  /// Withholds some of the conditions of these rows.
  void drop(std::int64_t iteration, std::int64_t first, std::span<double> y) const;

  TrainingTask const* task_;
  std::span<float const> freq_;
  Trainable const* trainable_;
  TimeSampler const* times_;
  std::int64_t rows_per_block_;
  AlignedVector<float> transposed_;
  std::vector<AlignedVector<float>> gradients_;
  std::vector<float> losses_, factors_;
  tbb::enumerable_thread_specific<Tile> tiles_;
};

}  // namespace retrace
