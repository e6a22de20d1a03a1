// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/trace/trace.hpp>

#include <cstdint>

namespace retrace {

/// Evaluations of the model and draws of noise for each sample, counted by tracing.
struct Cost {
  std::int64_t evaluations = 0, draws = 0;

  void add(Program const& program) {
    evaluations += program.evaluations();
    draws += program.draws;
  }
};

/// What a sampler costs on a grid, however long.
[[nodiscard]] Cost cost(AnySampler const& sampler, Grid const& grid,
                        Prediction native = Prediction::denoised,
                        LastNoise last_noise = LastNoise::keep, Draws draws = Draws::independent);

}  // namespace retrace
