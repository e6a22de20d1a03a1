// SPDX-License-Identifier: Apache-2.0
// What a run does before it computes: tracing a sampler, giving its values registers, lowering.
// Nanoseconds a step are microseconds a thousand steps.
#include "support/paired.hpp"
#include "support/registration.hpp"

#include <retrace/run/code.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>

namespace retrace::benchmarks {

void register_benchmarks() {
  for (SamplerEntry const& entry : samplers()) {
    add("trace/" + entry.name, [name = entry.name](benchmark::State& state) {
      AnySampler const sampler = make_sampler(name);
      Grid const grid = grids::log_snr{}(vp{}, effort().scaled(1000), {1.0, 1e-3});
      Program program;
      measure(state, {.run = [&] { program = trace(sampler, grid); },
                      .units = static_cast<double>(grid.count())});
    });
    add("allocate_and_lower/" + entry.name, [name = entry.name](benchmark::State& state) {
      AnySampler const sampler = make_sampler(name);
      Grid const grid = grids::log_snr{}(vp{}, effort().scaled(1000), {1.0, 1e-3});
      Program const program = trace(sampler, grid);
      std::vector<Code<float>> code;
      measure(state, {.run = [&] { code = lower<float>(allocate(program, 2), 2); },
                      .units = static_cast<double>(grid.count())});
    });
  }
}

}  // namespace retrace::benchmarks
