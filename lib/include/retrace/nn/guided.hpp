// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/network.hpp>

#include <cstdint>

namespace retrace {

/// A network led towards a class (Ho and Salimans 2022, eq. 6):
///   prediction = (1 + weight) conditional - weight unconditional.
/// Both are without conditions, of one architecture, and differ in the biases of their hidden
/// layers alone. An evaluation of it is two of the network.
struct GuidedNetwork {
  Network conditional, unconditional;
  double weight;

  [[nodiscard]] int dimension() const { return conditional.dimension(); }
  [[nodiscard]] Prediction prediction() const { return conditional.prediction(); }
};

/// The network at a class, led away from what it predicts without one. Throws Error (argument)
/// where it does not know the class, and for a weight below 0 or not finite.
[[nodiscard]] GuidedNetwork guided(Network const& network, std::int64_t of_class, double weight);

}  // namespace retrace
