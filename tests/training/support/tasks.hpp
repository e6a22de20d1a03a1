// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/aligned_vector.hpp>
#include <retrace/targets/eight_gaussians.hpp>
#include <retrace/training/trainer.hpp>

#include <cstdint>
#include <string>

namespace retrace::test {

/// A run of a second.
inline TrainingTask small_task(std::string const& sde = "vp") {
  return {.architecture = {.width = 24, .depth = 2, .frequencies = 8},
          .sde = sde,
          .data = TrainingData(eight_gaussians{}(), "eight-gaussians"),
          .options = {.iterations = 60, .batch = 300, .seed = 3, .warm_up = 5}};
}

inline AlignedVector<float> values_of(Trainer const& trainer) {
  TrainedNetwork const made = trainer.network();
  return {made.network.values().begin(), made.network.values().end()};
}

inline void run(Trainer& trainer, std::int64_t until) {
  while (trainer.iteration() < until) (void)trainer.step();
}

/// The same conditioned on the components, some of the time, with a learned scale.
inline TrainingTask conditional_task() {
  TrainingTask task = small_task();
  task.data = task.data.with_components();
  task.architecture.conditions = 8;
  task.architecture.scale = OutputScale::learned;
  task.options.drop_condition = 0.3;
  return task;
}

}  // namespace retrace::test
