// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/paired.hpp"

#include <retrace/run/sample.hpp>

#include <cstdint>
#include <memory>

namespace retrace::benchmarks {

/// The grid of all runs: VP from 1 to 1e-3, even in log-SNR.
[[nodiscard]] Grid grid_of(std::int64_t steps);

/// A sampler traced on a grid, with an executor and the states to start from. Outlives its work().
class Run {
 public:
  Run(std::unique_ptr<Executor<float>> executor, AnySampler const& sampler, Grid const& grid,
      std::int64_t samples);
  Run(Run const&) = delete;
  Run& operator=(Run const&) = delete;

  /// The whole run; its units are samples times evaluations.
  [[nodiscard]] Work work();
  [[nodiscard]] Program const& program() const { return program_; }

 private:
  using Array = Kokkos::View<float**, Kokkos::LayoutRight, Execution::memory_space>;

  std::unique_ptr<Executor<float>> executor_;
  Program program_;
  Array start_, x_;
};

}  // namespace retrace::benchmarks
