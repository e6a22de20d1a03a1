// SPDX-License-Identifier: Apache-2.0
// Iterations of training a network 2-128-128-128-2 with 32 frequencies on a data set of 16384 rows,
// as in docs/benchmarks.md; a unit is one example. Its matrix products alone are 297472 operations.
#include "support/paired.hpp"
#include "support/registration.hpp"

#include <retrace/targets/draw_rows.hpp>
#include <retrace/targets/eight_gaussians.hpp>
#include <retrace/training/trainer.hpp>

#include <tbb/task_arena.h>

#include <cstdint>
#include <string>

namespace retrace::benchmarks {
namespace {

void add_training(std::int64_t batch) {
  add("training/batch_" + std::to_string(batch), [=](benchmark::State& state) {
    constexpr std::int64_t rows = 16'384;
    tbb::task_arena one_thread(1);
    Trainer trainer({.architecture = {},
                     .sde = "vp",
                     .data = TrainingData(draw_rows(eight_gaussians{}(), 1, 0, rows), 2),
                     .options = {.iterations = 1'000'000,
                                 .batch = batch,
                                 .seed = 1,
                                 .time_sampling = TimeSampling::uniform}});
    std::int64_t const steps = effort().scaled(20'000) / batch + 1;
    measure(state, {.run =
                        [&] {
                          one_thread.execute([&] {
                            for (std::int64_t i = 0; i < steps; ++i) (void)trainer.step();
                          });
                        },
                    .units = static_cast<double>(steps * batch)});
    state.counters["percent_of_peak"] = 100 * 297'472.0 / state.counters["flops_at_peak"];
  });
}

}  // namespace

void register_benchmarks() {
  if (!on_host) return;
  add_training(512);
  add_training(4096);
}

}  // namespace retrace::benchmarks
