// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/network.hpp>
#include <retrace/nn/network_shape.hpp>

#include <cstdint>
#include <vector>

namespace retrace {

[[nodiscard]] NetworkShape shape_of(Architecture const& a);

/// What the numbers that an activation takes and gives are multiplied by.
struct ActivationFactors {
  double to_argument, to_value;
};
[[nodiscard]] ActivationFactors factors_of(Activation activation);

/// The matrices of all layers, and the scales and offsets of norms, as NetworkShape says, the
/// constants of the activation multiplied in.
[[nodiscard]] std::vector<double> packed_weights(Network const& network);

/// The same of all hidden layers but the first, rounded to bf16, as Bf16Layers says.
[[nodiscard]] std::vector<std::uint32_t> packed_pairs(Network const& network,
                                                      std::vector<double> const& weights);

/// The biases at one level as NetworkShape says, from those of Precondition on, which are 0, with
/// the time embedding of the condition added; of no embedding for an empty `features`.
[[nodiscard]] std::vector<double> packed_biases(Network const& network,
                                                std::vector<double> const& features);

/// The matrices of the time embedding, in the same blocks, of the hidden layers that see it.
[[nodiscard]] std::vector<double> packed_embedding(Network const& network);

}  // namespace retrace
