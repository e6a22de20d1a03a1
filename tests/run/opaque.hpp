// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>
#include <retrace/models/tile_model.hpp>
#include <retrace/run/lanes.hpp>

#include <support/on_host.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace retrace::testing {

/// The target as a user would write it who knows nothing of tiles: rows in, rows out, by the fused
/// model's own arithmetic on one lane.
template <class T, class Source>
struct Opaque {
  static constexpr Prediction prediction = Prediction::denoised;
  Source source;

  void operator()(Batch<T const> batch, NoiseLevel const& level, Batch<T> predictions) const {
    using Host = Kokkos::DefaultHostExecutionSpace;
    auto const prepared = source.template prepare<T, 0, Host>(Host{}, std::span(&level, 1));
    auto const tile = prepared.tile;
    int const d = tile.dimension();
    HostLanes<T, simd::Scalar, 1> const lane;
    std::vector<T> scratch(static_cast<std::size_t>(tile.scratch(1)));
    on_host(batch, predictions, [&](auto const& x, auto const& out) {
      for (std::size_t i = 0; i < x.extent(0); ++i) {
        std::vector<T> y(static_cast<std::size_t>(d));
        tile(lane, &x(i, 0), y.data(), Evaluation<T>{0, 0, T(0), T(1)}, scratch.data());
        for (int c = 0; c < d; ++c) out(i, c) = y[static_cast<std::size_t>(c)];
      }
    });
  }
};

}  // namespace retrace::testing
