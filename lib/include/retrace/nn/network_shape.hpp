// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/architecture.hpp>

#include <Kokkos_Macros.hpp>

#include <cstdint>

namespace retrace {

/// Where the numbers of a network lie in the tables of its kernels. Matrices are packed as [block
/// of 8 outputs][input][8], the last block padded with zeros, one after the other: the hidden
/// layers, then the output layer, number `depth`. A level has a row of its own: in, skip and out of
/// its Precondition, and from bias(0) on the biases of all layers with the time embedding added,
/// each padded to whole blocks.
struct NetworkShape {
  static constexpr int block = 8;

  int dimension, width, depth;

  [[nodiscard]] static KOKKOS_INLINE_FUNCTION int padded(int outputs) {
    return (outputs + block - 1) / block * block;
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int inputs(int layer) const {
    return layer == 0 ? dimension : width;
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int outputs(int layer) const {
    return layer == depth ? dimension : width;
  }
  /// The first weight of a layer, and of its output o; layer depth + 1 begins where all end.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION std::int64_t weight(int layer, int o = 0) const {
    std::int64_t const before =
        layer == 0 ? 0
                   : std::int64_t{padded(width)} * (dimension + std::int64_t{layer - 1} * width);
    std::int64_t const last = layer > depth ? std::int64_t{padded(dimension)} * width -
                                                  std::int64_t{padded(width)} * width
                                            : 0;
    return before + last + std::int64_t{o / block * block} * inputs(layer) + o % block;
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION std::int64_t weights() const { return weight(depth + 1); }
  /// The scales of a layer's norm, padded, and then its offsets, behind all weights.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION std::int64_t norm(int layer) const {
    return weights() + std::int64_t{2} * layer * padded(width);
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int bias(int layer) const {
    return block + layer * padded(width);
  }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int row() const { return bias(depth) + padded(dimension); }
  /// Rows that hold what enters or leaves a layer.
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int buffer() const {
    return padded(width) > dimension ? padded(width) : dimension;
  }
};

/// The hidden layer whose output hidden layer `layer` adds to its own; -1 where there is none.
[[nodiscard]] KOKKOS_INLINE_FUNCTION int skip_source(Skip skip, int depth, int layer) {
  if (skip == Skip::residual) return layer - 1;
  return skip == Skip::u_shape && 2 * layer > depth - 1 ? depth - 1 - layer : -1;
}

/// Layers whose outputs must be kept for later ones than the next: the first of them.
[[nodiscard]] KOKKOS_INLINE_FUNCTION int kept_layers(Skip skip, int depth) {
  return skip == Skip::u_shape ? depth / 2 : 0;
}

}  // namespace retrace
