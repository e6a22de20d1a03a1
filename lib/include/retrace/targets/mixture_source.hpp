// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/core/device_copy.hpp>
#include <retrace/core/prediction.hpp>
#include <retrace/targets/mixture_tile.hpp>

#include <cstddef>
#include <span>
#include <utility>
#include <vector>

namespace retrace {

/// The tables of a mixture at given levels, in double: [level][component, padded][MixtureRow].
/// Constants and quadratic forms are taken relative to one component, which changes no weight and
/// keeps logits small.
template <CovarianceShape shape>
[[nodiscard]] std::vector<double> mixture_table(Mixture const& mixture,
                                                std::span<NoiseLevel const> levels);

/// Makes fused kernels of a Mixture (a TileModelSource).
template <CovarianceShape shape>
class MixtureSource {
 public:
  static constexpr Prediction prediction = Prediction::denoised;

  explicit MixtureSource(Mixture mixture) : mixture_(std::move(mixture)) {}

  [[nodiscard]] int dimension() const { return mixture_.dimension(); }
  template <class T>
  [[nodiscard]] std::size_t bytes_per_level() const {
    return static_cast<std::size_t>(padded() * row().size()) * sizeof(T);
  }

  template <class T, int Dim, class Exec>
  struct Prepared {
    Kokkos::View<T*, typename Exec::memory_space> table;  ///< kept alive for the tile
    MixtureTile<T, Dim, shape> tile;
  };
  template <class T, int Dim, class Exec>
  [[nodiscard]] Prepared<T, Dim, Exec> prepare(Exec const& exec,
                                               std::span<NoiseLevel const> levels) const {
    auto const table =
        device_copy<T>(exec, mixture_table<shape>(mixture_, levels), "retrace::mixture_table");
    return {table, {table.data(), row(), padded()}};
  }

 private:
  [[nodiscard]] MixtureRow<shape> row() const { return {mixture_.dimension()}; }
  [[nodiscard]] int padded() const {
    constexpr int chunk = MixtureTile<float, 0, shape>::chunk;
    return (mixture_.components() + chunk - 1) / chunk * chunk;
  }

  Mixture mixture_;
};

}  // namespace retrace
