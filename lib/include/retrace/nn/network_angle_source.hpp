// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/device_copy.hpp>
#include <retrace/nn/network.hpp>
#include <retrace/nn/network_angle_tile.hpp>

#include <functional>
#include <memory>
#include <vector>

namespace retrace {

/// The levels of a process between two values of lambda.
struct LambdaRange {
  std::function<NoiseLevel(double lambda)> level;
  double from, to;  ///< in any order
};

/// Makes adaptive kernels of a Network (an AngleModelSource) for levels in a range. A value; copies
/// share the tables.
class NetworkAngleSource {
 public:
  /// Throws Error (numerics) for parameters that are not finite, and what `levels` throws.
  NetworkAngleSource(Network const& network, LambdaRange const& levels);

  [[nodiscard]] int dimension() const { return numbers_->architecture.dimension; }
  /// What the kernels know of levels: NetworkAngleTile<T>::Function of lambda.
  [[nodiscard]] PiecewisePolynomial const& table() const { return numbers_->table; }

  template <class T, class Exec>
  struct Prepared {
    using View = Kokkos::View<T*, typename Exec::memory_space>;
    View weights, biases, embedding, frequencies, table;  ///< kept alive for the tile
    NetworkAngleTile<T> tile;
  };
  template <class T, int Dim, class Exec>
  [[nodiscard]] Prepared<T, Exec> prepare(Exec const& exec) const {
    Numbers const& n = *numbers_;
    Architecture const& a = n.architecture;
    auto const weights = device_copy<T>(exec, n.weights, "retrace::network_weights");
    auto const biases = device_copy<T>(exec, n.biases, "retrace::network_biases");
    auto const embedding = device_copy<T>(exec, n.embedding, "retrace::network_embedding");
    auto const frequencies = device_copy<T>(exec, n.frequencies, "retrace::network_frequencies");
    auto const table = device_copy<T>(exec, n.table.coefficients, "retrace::network_table");
    return {
        weights,
        biases,
        embedding,
        frequencies,
        table,
        {.layers = {weights.data(), {a.dimension, a.width, a.depth}, a.activation, a.skip, a.norm},
         .biases = biases.data(),
         .embedding = embedding.data(),
         .frequencies = frequencies.data(),
         .frequency_count = a.frequencies,
         .embedded = n.embedded,
         .table = {table.data(), static_cast<T>(n.table.from), static_cast<T>(1 / n.table.width),
                   n.table.pieces, n.table.functions},
         .prediction = a.prediction,
         .preconditioning = a.preconditioning,
         .sigma_data = static_cast<T>(a.sigma_data)}};
  }

 private:
  struct Numbers {
    Architecture architecture;
    int embedded;
    std::vector<double> weights, biases, embedding, frequencies;
    PiecewisePolynomial table;
  };
  std::shared_ptr<Numbers const> numbers_;
};

}  // namespace retrace
