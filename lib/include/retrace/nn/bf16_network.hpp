// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/device_copy.hpp>
#include <retrace/nn/bf16_layers.hpp>
#include <retrace/nn/network_source.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

namespace retrace {

/// A score network whose kernels multiply in bf16 (Bf16Layers): predictions that are right to two
/// or three digits, in up to half the time where the processor has AVX512_BF16, and in more than
/// that of float where it has not. A value, and a TileModelSource in float; copies share the
/// network.
class Bf16Network {
 public:
  /// Throws Error (numerics) for parameters that are not finite.
  explicit Bf16Network(Network const& network);

  Prediction prediction;

  [[nodiscard]] int dimension() const { return full_.dimension(); }
  template <class T>
  [[nodiscard]] std::size_t bytes_per_level() const {
    return full_.bytes_per_level<T>();
  }

  template <class Exec>
  struct Prepared {
    NetworkSource::Prepared<float, Exec> full;  ///< kept alive for the tile
    Kokkos::View<simd::Word*, typename Exec::memory_space> pairs;
    NetworkTile<float, Bf16Layers> tile;
  };
  /// Throws as NetworkSource.
  template <class T, int Dim, class Exec>
  requires(std::is_same_v<T, float>)
      [[nodiscard]] Prepared<Exec> prepare(Exec const& exec,
                                           std::span<NoiseLevel const> levels) const {
    auto const full = full_.prepare<float, Dim>(exec, levels);
    auto const pairs = device_copy<simd::Word>(exec, *pairs_, "retrace::network_pairs");
    return {full, pairs, {{full.tile.layers, pairs.data()}, full.tile.levels}};
  }

 private:
  NetworkSource full_;
  std::shared_ptr<std::vector<std::uint32_t> const> pairs_;
};

}  // namespace retrace
