// SPDX-License-Identifier: Apache-2.0
#include "support/run.hpp"

#include "support/registration.hpp"

#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>

#include <utility>

namespace retrace::benchmarks {

Grid grid_of(std::int64_t steps) { return grids::log_snr{}(vp{}, steps, {1.0, 1e-3}); }

Run::Run(std::unique_ptr<Executor<float>> executor, AnySampler const& sampler, Grid const& grid,
         std::int64_t samples)
    : executor_(std::move(executor)),
      program_(trace(sampler, grid, executor_->prediction())),
      start_("start", static_cast<std::size_t>(effort().scaled(samples)),
             static_cast<std::size_t>(executor_->dimension())),
      x_("x", start_.extent(0), start_.extent(1)) {
  draw_prior<float>(start_, grid.sde().prior_sigma(), 1, 0);
}

Work Run::work() {
  return {.run =
              [this] {
                executor_->run(program_,
                               {.x = x_, .noise = {.keys = PhiloxKeys(1), .first_sample = 0}});
              },
          .units = static_cast<double>(x_.extent(0)) * static_cast<double>(program_.evaluations()),
          .prepare = [this] { Kokkos::deep_copy(x_, start_); }};
}

}  // namespace retrace::benchmarks
