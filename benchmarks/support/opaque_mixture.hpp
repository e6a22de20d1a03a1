// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/threads.hpp"

#include <retrace/core/batch.hpp>
#include <retrace/run/lanes.hpp>
#include <retrace/targets/mixture_source.hpp>

#include <cstdint>
#include <map>
#include <vector>

namespace retrace::benchmarks {

/// A mixture in two dimensions as a network in another framework would come: whole row-major
/// batches, in parallel and vectorised, but outside the kernel. The arithmetic is that of the fused
/// model; what is added is what opaque models cost.
class OpaqueMixture {
 public:
  static constexpr Prediction prediction = Prediction::denoised;

  static constexpr int lanes = on_host ? 128 : 1;
  using Source = MixtureSource<CovarianceShape::isotropic>;
  using Model = MixtureTile<float, 2, CovarianceShape::isotropic>;

  /// The kernel: brings rows of samples into lanes, evaluates, and puts the result back in rows.
  /// Public for nvcc.
  struct Tile {
    Model model;
    int level;
    std::int64_t n;
    float const* x;
    float* out;

    KOKKOS_FUNCTION void operator()(std::int64_t tile) const {
      alignas(64) float in[2 * lanes] = {}, denoised[2 * lanes];
      float const* const row = x + tile * 2 * lanes;
      float* const result = out + tile * 2 * lanes;
      auto const here = static_cast<int>(n - tile * lanes < lanes ? n - tile * lanes : lanes);
      for (int l = 0; l < here; ++l) {
        in[l] = row[2 * l];
        in[lanes + l] = row[2 * l + 1];
      }
      model(HostLanes<float, simd::Native, lanes>{}, in, denoised,
            {.level = level, .condition = 0, .skip = 0, .out = 1}, nullptr);
      for (int l = 0; l < here; ++l) {
        result[2 * l] = denoised[l];
        result[2 * l + 1] = denoised[lanes + l];
      }
    }
  };

  /// Prepares the tables of the levels that a program evaluates; it can be asked for no others.
  OpaqueMixture(Mixture const& mixture, std::vector<NoiseLevel> const& levels) {
    for (NoiseLevel const& level : levels)
      level_.emplace(level.t(), static_cast<int>(level_.size()));
    std::vector<NoiseLevel> distinct(level_.size(), levels.front());
    for (NoiseLevel const& level : levels)
      distinct[static_cast<std::size_t>(level_.at(level.t()))] = level;
    prepared_ = Source(mixture).template prepare<float, 2, Execution>(Execution(), distinct);
  }

  void operator()(Batch<float const> x, NoiseLevel const& level, Batch<float> out) const {
    auto const n = static_cast<std::int64_t>(x.extent(0));
    Execution const exec;
    Kokkos::parallel_for("benchmarks::opaque_mixture",
                         Kokkos::RangePolicy<Execution, Kokkos::IndexType<std::int64_t>>(
                             exec, 0, (n + lanes - 1) / lanes),
                         Tile{prepared_.tile, level_.at(level.t()), n, x.data(), out.data()});
    exec.fence("benchmarks::opaque_mixture");
  }

 private:
  std::map<double, int> level_;
  Source::Prepared<float, 2, Execution> prepared_;
};

}  // namespace retrace::benchmarks
