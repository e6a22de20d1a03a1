// SPDX-License-Identifier: Apache-2.0
// The yardstick itself: fused multiply-adds a second, and a cycle.
#include "support/peak.hpp"
#include "support/registration.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace retrace::benchmarks {
namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

template <class T>
void add_peak(std::string const& name, Threads threads) {
  add(name, [=](benchmark::State& state) {
    std::vector<double> peaks, clocks;
    for (int i = 0; i < effort().repetitions; ++i) {
      peaks.push_back(fma_peak<T>(threads));
      clocks.push_back(clock_rate());
    }
    state.counters["gflops"] = 1e-9 * median(peaks);
    state.counters["clock_ghz"] = 1e-9 * median(clocks);
    state.counters["flops_per_cycle"] = median(peaks) / median(clocks);
    for ([[maybe_unused]] auto iteration : state) state.SetIterationTime(1 / median(peaks));
  });
}

}  // namespace

void register_benchmarks() {
  if (!on_host) return;
  add_peak<float>("fma_peak/float/one_thread", Threads::one);
  add_peak<double>("fma_peak/double/one_thread", Threads::one);
  add_peak<float>("fma_peak/float/all_threads", Threads::all);
}

}  // namespace retrace::benchmarks
