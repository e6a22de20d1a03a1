// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/core/device_copy.hpp>
#include <retrace/targets/angle_mixture_tile.hpp>

#include <cstddef>
#include <utility>
#include <vector>

namespace retrace {

/// The table of a mixture for AngleMixtureTile, in double: [component, padded][AngleMixtureRow].
template <CovarianceShape shape>
[[nodiscard]] std::vector<double> angle_mixture_table(Mixture const& mixture, int padded);

/// Makes adaptive kernels of a Mixture (an AngleModelSource).
template <CovarianceShape shape>
class AngleMixtureSource {
 public:
  explicit AngleMixtureSource(Mixture mixture) : mixture_(std::move(mixture)) {}

  [[nodiscard]] int dimension() const { return mixture_.dimension(); }

  template <class T, int Dim, class Exec>
  struct Prepared {
    Kokkos::View<T*, typename Exec::memory_space> table;  ///< kept alive for the tile
    AngleMixtureTile<T, Dim, shape> tile;
  };
  template <class T, int Dim, class Exec>
  [[nodiscard]] Prepared<T, Dim, Exec> prepare(Exec const& exec) const {
    constexpr int chunk = AngleMixtureTile<T, Dim, shape>::chunk;
    int const padded = (mixture_.components() + chunk - 1) / chunk * chunk;
    auto const table = device_copy<T>(exec, angle_mixture_table<shape>(mixture_, padded),
                                      "retrace::mixture_table");
    return {table, {table.data(), {mixture_.dimension()}, padded}};
  }

 private:
  Mixture mixture_;
};

}  // namespace retrace
