// SPDX-License-Identifier: Apache-2.0
#include <retrace/trace/cost.hpp>

namespace retrace {

Cost cost(AnySampler const& sampler, Grid const& grid, Prediction native, LastNoise last_noise,
          Draws draws) {
  Cost total;
  auto const add = [&](Program const& program) { total.add(program); };
  constexpr std::int64_t evaluations_at_a_time = 4096;
  add(trace(sampler, grid, native, last_noise, {evaluations_at_a_time, add}, draws));
  return total;
}

}  // namespace retrace
