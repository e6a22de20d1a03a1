// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"

#include <retrace/training/trainer.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace retrace::app {

/// The command line of `retrace train`.
struct TrainArguments : Arguments {
  TrainArguments();

  Given target, data, labels, conditions, sde, out;
  Given width, depth, activation, frequencies, embedding, conditioning, skip, norm, scale,
      prediction, preconditioning;
  Given iterations, batch, learning_rate, warm_up, weight_decay, clip, ema, weighting,
      time_sampling, drop_condition, seed;
  Given resume, checkpoint, checkpoint_every;
};

/// What of a run does not belong to its task.
struct TrainingPlan {
  TrainingTask task;
  std::optional<std::string> resume;
  std::string checkpoint;  ///< empty: none
  std::int64_t checkpoint_every;
};

/// Reads the data set, if there is one. What is not given is chosen by the process and what the
/// network predicts: see the help. Throws Error for anything that does not fit.
[[nodiscard]] TrainingPlan plan_of(TrainArguments const& arguments);

/// The name of a choice.
template <class E>
[[nodiscard]] std::string name_of(E value) {
  for (auto const& [name, choice] : names<E>())
    if (choice == value) return std::string(name);
  return {};
}

}  // namespace retrace::app
