// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/run/trajectories.hpp>
#include <retrace/trace/program.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace retrace {

/// A value that is not finite, where it was first seen.
struct NonFiniteSample {
  std::int64_t sample;      ///< its number (first sample + row)
  std::int64_t evaluation;  ///< of the run, counted from 0; -1 before the first
  double t;                 ///< level of that evaluation
};

/// What one program works on: n samples, and where their values come from and go to.
template <class T>
struct Segment {
  Batch<T> x;  ///< Transfer::rows
  Transfer in = Transfer::rows, out = Transfer::rows;
  NoiseSource<T> noise;
  std::int64_t evaluations_before = 0;  ///< in earlier segments
};

/// Runs programs with one model in one precision. The only thing that is compiled for a model.
template <class T>
class Executor {
 public:
  Executor() = default;
  virtual ~Executor() = default;
  Executor(Executor const&) = delete;
  Executor& operator=(Executor const&) = delete;

  [[nodiscard]] virtual Prediction prediction() const = 0;
  [[nodiscard]] virtual int dimension() const = 0;
  /// Memory that the tables of one evaluation take.
  [[nodiscard]] virtual std::size_t bytes_per_level() const = 0;
  /// Runs the program on every sample and waits. Returns how many results are not finite
  /// (Transfer::rows).
  virtual std::int64_t run(Program const& program, Segment<T> const& segment) = 0;
  /// What the model returned that was not finite in the last run, where the executor can see it;
  /// else empty, and the driver searches.
  [[nodiscard]] virtual std::vector<NonFiniteSample> seen() const { return {}; }

 protected:
  using Memory = Execution::memory_space;

  /// Room for `values` carried values of n samples, keeping what is there.
  T* carry(int values, std::int64_t n, int lanes) {
    auto const size = static_cast<std::size_t>(values) *
                      static_cast<std::size_t>((n + lanes - 1) / lanes) *
                      static_cast<std::size_t>(lanes * dimension());
    if (carry_.extent(0) < size) Kokkos::resize(Kokkos::WithoutInitializing, carry_, size);
    return carry_.data();
  }

 private:
  Kokkos::View<T*, Memory> carry_{"retrace::carry", 0};
};

}  // namespace retrace
