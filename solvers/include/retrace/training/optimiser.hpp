// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/aligned_vector.hpp>
#include <retrace/training/training_options.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace retrace {

/// Parameters in training, with all that the optimiser remembers of them. Sizes are multiples
/// of 32.
struct Weights {
  AlignedVector<float> parameters, first_moment, second_moment;
  std::vector<AlignedVector<float>> averages;  ///< one for each rate

  Weights(std::span<float const> start, std::size_t rates);
};

/// Adds up the gradients of the blocks of a batch, in their order, divided by `batch`, into the
/// first. Returns the norm; not finite where one of them is not.
double reduce(std::span<AlignedVector<float>> gradients, std::int64_t batch);

/// One step of Adam (Kingma and Ba 2015, beta 0.9 and 0.999, epsilon 1e-8), iteration `i` counted
/// from 0, with a gradient of this norm, which is clipped first.
void update(Weights& weights, std::span<float const> gradient, double norm,
            TrainingOptions const& options, std::int64_t i);

}  // namespace retrace
