// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/network_file.hpp>
#include <retrace/nn/trainable.hpp>
#include <retrace/training/optimiser.hpp>
#include <retrace/training/time_sampler.hpp>
#include <retrace/training/training_data.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace retrace {

/// What is trained, on what, and how.
struct TrainingTask {
  Architecture architecture;
  std::string sde;  ///< as make_sde() takes it
  TrainingData data;
  TrainingOptions options{};
};

/// The mean loss on draws that training does not see, over a part of the range of times.
struct ValidationLoss {
  double from_t, to_t, loss;
};

/// Denoising score matching (Vincent 2011; Song et al. 2021): minimises the mean of
///   weight(t) |F(x_t, t) - answer|^2 / d,  x_t = alpha x0 + sigma epsilon,
/// where the answer is what the network predicts of (x0, epsilon).
///
/// Everything is a pure function of the task: every random number of (seed, iteration, row), and
/// the gradient is added up over blocks of rows that depend on the batch alone. So a run gives the
/// same bits on any number of threads and instruction sets, and after a stop at any moment.
class Trainer {
 public:
  /// Starts with random_network() of the seed. Throws Error (argument) for what does not go
  /// together.
  explicit Trainer(TrainingTask task);
  /// Goes on from a checkpoint of the same task. Throws Error (file) for a file that is damaged,
  /// and for one of another task, naming the first field that differs.
  Trainer(TrainingTask task, std::filesystem::path const& checkpoint);
  ~Trainer();
  Trainer(Trainer const&) = delete;
  Trainer& operator=(Trainer const&) = delete;

  [[nodiscard]] TrainingTask const& task() const { return task_; }
  [[nodiscard]] std::int64_t iteration() const { return iteration_; }  ///< how many are done
  [[nodiscard]] bool done() const { return iteration_ == task_.options.iterations; }

  /// One iteration; returns the mean loss of its batch. Throws Error (numerics), naming the
  /// iteration, where loss or gradient are not finite, before the weights are touched; and where
  /// the losses of a hundred iterations are a hundred times those of the first hundred.
  double step();

  /// Mean loss of the last up to hundred iterations.
  [[nodiscard]] double recent_loss() const;

  /// Of the first average, in ten parts of the range of times, 512 draws each.
  [[nodiscard]] std::vector<ValidationLoss> validate() const;

  /// The network of an average of the parameters.
  [[nodiscard]] TrainedNetwork network(std::size_t average = 0) const;
  /// Writes the first average as a network, the others beside it as `ema/RATE/...`.
  void write(std::filesystem::path const& path) const;
  /// Writes a checkpoint, complete or not at all; it can be read as a network as well.
  void write_checkpoint(std::filesystem::path const& path) const;

 private:
  class Batch;

  [[nodiscard]] std::vector<TensorData> average_tensors(std::vector<Network> const& networks) const;
  [[nodiscard]] std::vector<Network> averages() const;

  TrainingTask task_;
  Network start_;
  Trainable trainable_;
  TimeSampler times_;
  Weights weights_;
  std::unique_ptr<Batch> batch_;
  std::int64_t iteration_ = 0;
  // Sums of losses: of the hundred iterations that are under way, of the hundred before; the first.
  double current_ = 0, previous_ = 0, first_ = 0;
};

}  // namespace retrace
