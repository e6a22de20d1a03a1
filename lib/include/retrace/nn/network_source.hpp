// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/device_copy.hpp>
#include <retrace/nn/network.hpp>
#include <retrace/nn/network_tile.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace retrace {

/// Makes fused kernels of a Network (a TileModelSource): weights packed, the constants of the
/// activation multiplied in, and for every level a row of biases with the time embedding added, all
/// in double and rounded once. A value; copies share the network.
class NetworkSource {
 public:
  /// Throws Error (numerics) for parameters that are not finite.
  explicit NetworkSource(Network network);

  Prediction prediction;

  [[nodiscard]] int dimension() const { return network_->dimension(); }
  template <class T>
  [[nodiscard]] std::size_t bytes_per_level() const {
    return static_cast<std::size_t>(shape().row()) * sizeof(T);
  }

  template <class T, class Exec>
  struct Prepared {
    Kokkos::View<T*, typename Exec::memory_space> weights, levels;  ///< kept alive for the tile
    NetworkTile<T> tile;
  };
  /// Throws Error (argument) for levels where the network has no condition or no preconditioning.
  template <class T, int Dim, class Exec>
  [[nodiscard]] Prepared<T, Exec> prepare(Exec const& exec,
                                          std::span<NoiseLevel const> levels) const {
    auto const weights = device_copy<T>(exec, *weights_, "retrace::network_weights");
    auto const rows = device_copy<T>(exec, level_rows(levels), "retrace::network_levels");
    Architecture const& a = network_->architecture();
    return {weights, rows, {{weights.data(), shape(), a.activation, a.skip, a.norm}, rows.data()}};
  }

 private:
  [[nodiscard]] NetworkShape shape() const;
  [[nodiscard]] std::vector<double> level_rows(std::span<NoiseLevel const> levels) const;

  std::shared_ptr<Network const> network_;
  std::shared_ptr<std::vector<double> const> weights_;
};

}  // namespace retrace
