// SPDX-License-Identifier: Apache-2.0
// The runs that docs/benchmarks.md sets beside peers, through sample(), as a user calls it:
// tracing, registers, lowering, tables and the start are in every figure. VP, levels even in t from
// 1 to 1e-3. The unit is a step of one sample.
#include "support/mixtures.hpp"
#include "support/paired.hpp"
#include "support/registration.hpp"

#include <retrace/run/sample.hpp>
#include <retrace/samplers/dpmpp_2m.hpp>
#include <retrace/samplers/euler_maruyama.hpp>
#include <retrace/sde/uniform.hpp>
#include <retrace/sde/vp.hpp>

#include <cstdint>
#include <string>

namespace retrace::benchmarks {
namespace {

struct Problem {
  std::string name;
  AnySampler sampler;
  Grid grid;
  std::int64_t samples;
  std::int64_t calls =
      1;  ///< of sample(), one after the other: one call alone is too short to time
};

void add_problem(Problem const& problem) {
  add("peers/" + problem.name, [problem](benchmark::State& state) {
    Target const target = peers_mixture();
    SampleOptions<float> const options{.samples = effort().scaled(problem.samples), .seed = 1};
    std::int64_t const calls = effort().scaled(problem.calls);
    measure(state,
            {.run =
                 [&] {
                   for (std::int64_t call = 0; call < calls; ++call)
                     static_cast<void>(sample(target, problem.sampler, problem.grid, options));
                 },
             .units = static_cast<double>(calls * options.samples * problem.grid.count())});
  });
}

}  // namespace

void register_benchmarks() {
  // As k-diffusion counts: 20 evaluations, the last step goes to sigma = 0.
  Grid const to_zero = grids::uniform{.final = Final::zero}(vp{}, 20, {1.0, 1e-3});
  for (std::int64_t const n : {1, 64, 16'384})
    add_problem({.name = "dpmpp-2m/" + std::to_string(n) + "x20",
                 .sampler = dpmpp_2m{},
                 .grid = to_zero,
                 .samples = n,
                 .calls = 16'384 / n < 256 ? 16'384 / n : 256});
  add_problem({.name = "euler-maruyama/16384x100",
               .sampler = euler_maruyama{},
               .grid = grids::uniform{}(vp{}, 100, {1.0, 1e-3}),
               .samples = 16'384});
}

}  // namespace retrace::benchmarks
