// SPDX-License-Identifier: Apache-2.0
// Whole runs of samplers on the eight-component mixture: every sample from the prior to the end of
// a grid of log-SNR on VP. Tracing is not timed; what the executor does for every run (registers,
// lowering, the tables of the model) is. The unit is one evaluation of one sample, for
// Euler-Maruyama a step.
#include "support/mixtures.hpp"
#include "support/opaque_mixture.hpp"
#include "support/paired.hpp"
#include "support/registration.hpp"
#include "support/run.hpp"

#include <retrace/core/flushed_denormals.hpp>
#include <retrace/samplers/euler_maruyama.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/targets/checkerboard.hpp>

#include <cstdint>
#include <string>

namespace retrace::benchmarks {
namespace {

constexpr std::int64_t samples = 16'384, steps = 100;

Run fused(AnySampler const& sampler, std::int64_t n = samples, std::int64_t count = steps) {
  return {target_executor<float>(isotropic_mixture(2)), sampler, grid_of(count), n};
}

Run batched(AnySampler const& sampler) {
  Grid const grid = grid_of(steps);
  OpaqueMixture const model(isotropic_mixture(2), trace(sampler, grid).levels);
  return {batched_executor<float>({model, 2}), sampler, grid, samples};
}

void add_every_sampler() {
  for (SamplerEntry const& entry : samplers())
    add("fused/" + entry.name + "/one_thread", [name = entry.name](benchmark::State& state) {
      Run run = fused(make_sampler(name));
      measure(state, run.work());
    });
  for (SamplerEntry const& entry : samplers())
    add("batched/" + entry.name + "/one_thread", [name = entry.name](benchmark::State& state) {
      Run opaque = batched(make_sampler(name)), inside = fused(make_sampler(name));
      compare(state, opaque.work(), inside.work(), "over_fused");
    });
}

void add_threads() {
  add("fused/euler-maruyama/all_threads", [](benchmark::State& state) {
    Run run = fused(euler_maruyama{});
    measure_speedup(state, run.work());
  });
  add("batched/euler-maruyama/all_threads", [](benchmark::State& state) {
    Run run = batched(euler_maruyama{});
    measure_speedup(state, run.work());
  });
}

/// A target whose score costs more: what a whole run of it takes over one of eight Gaussians.
void add_checkerboard() {
  for (char const* name : {"euler-maruyama", "ddim"})
    add("fused/" + std::string(name) + "/checkerboard", [name](benchmark::State& state) {
      Run boxes{target_executor<float>(checkerboard{}()), make_sampler(name), grid_of(steps),
                samples};
      Run gaussians = fused(make_sampler(name));
      compare(state, boxes.work(), gaussians.work(), "over_gaussians");
    });
}

/// Denormal numbers cost some processors a hundred cycles each; the kernels make none, so that the
/// processor's mode must not matter.
void add_denormals() {
  if (!FlushedDenormals::possible) return;
  add("fused/euler-maruyama/denormals_flushed", [](benchmark::State& state) {
    Run run = fused(euler_maruyama{});
    Work const as_is = run.work();
    Work flushed = as_is;
    flushed.run = [&] {
      FlushedDenormals const mode;
      as_is.run();
    };
    compare(state, flushed, as_is, "over_as_is");
  });
}

/// The time of a sample-step must depend neither on the number of steps nor on that of samples.
void add_sizes() {
  auto const add_size = [](std::string const& name, std::int64_t n, std::int64_t count) {
    add("fused/euler-maruyama/" + name, [=](benchmark::State& state) {
      Run run = fused(euler_maruyama{}, n, count), reference = fused(euler_maruyama{});
      compare(state, run.work(), reference.work(), "over_16384_x_100");
    });
  };
  for (std::int64_t const count : {20, 100, 1000})
    add_size(std::to_string(count) + "_steps", samples, count);
  for (std::int64_t const n : {10'000, 100'000, 1'000'000})
    add_size(std::to_string(n) + "_samples", n, steps);
}

}  // namespace

void register_benchmarks() {
  add_every_sampler();
  add_threads();
  add_checkerboard();
  add_denormals();
  add_sizes();
}

}  // namespace retrace::benchmarks
