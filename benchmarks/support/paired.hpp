// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/peak.hpp"
#include "support/threads.hpp"

#include <benchmark/benchmark.h>

#include <functional>
#include <string>

namespace retrace::benchmarks {

/// What is timed, many times.
struct Work {
  std::function<void()> run;
  double units;  ///< of what is counted (sample-steps, normals, ...) in one run
  std::function<void()> prepare = {};                     ///< before every run, not timed
  std::function<double(Threads)> peak = fma_peak<float>;  ///< in the precision of the work
};

/// Times `work` on one thread in repetitions, each between two measurements of the FMA peak, and
/// adds the medians of
///   ns              of a unit (it is the time of the benchmark, too)
///   flops_at_peak   time of a unit, times the peak of the same repetition: how many floating-point
///                   operations the processor could have done meanwhile; not on devices
///   spread_percent  of flops_at_peak: distance of its quartiles over its median.
void measure(benchmark::State& state, Work const& work);

/// The same, with `cycles` a unit: time multiplied by the clock rate of the same repetition.
void measure_cycles(benchmark::State& state, Work const& work);

/// The same, with the median over repetitions of the time of a unit of `work` over that of a unit
/// of `reference`, timed right after it, as the counter `name`.
void compare(benchmark::State& state, Work const& work, Work const& reference,
             std::string const& name);

/// The same on all threads, with `speedup`: time of one thread, right afterwards, over time of all.
/// Only the quarter of the repetitions counts in which the process had most of its processors;
/// `processors` is what it had of them. The figures mean something where that is near 1.
void measure_speedup(benchmark::State& state, Work const& work);

}  // namespace retrace::benchmarks
