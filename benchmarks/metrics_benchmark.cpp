// SPDX-License-Identifier: Apache-2.0
// Every metric on 20 000 samples in two dimensions; those of two samples on 20 000 each. A unit is
// the whole figure. On one thread: oneTBB is held to it.
#include "support/mixtures.hpp"
#include "support/paired.hpp"
#include "support/registration.hpp"

#include <retrace/metrics/frechet_distance.hpp>
#include <retrace/metrics/kl_on_grid.hpp>
#include <retrace/metrics/kolmogorov_smirnov.hpp>
#include <retrace/metrics/mean_log_density.hpp>
#include <retrace/metrics/mode_weights.hpp>
#include <retrace/metrics/projected_distances.hpp>
#include <retrace/metrics/sliced_wasserstein_2.hpp>
#include <retrace/metrics/squared_mmd.hpp>
#include <retrace/targets/draw_rows.hpp>

#include <tbb/global_control.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace retrace::benchmarks {
namespace {

using Metric = std::function<double(std::span<double const> x, Mixture const& law)>;

void add_metric(std::string const& name, Metric const& metric) {
  add("metrics/" + name, [=](benchmark::State& state) {
    Mixture const law = full_mixture(2);
    constexpr std::int64_t fewest = 1000;  // a grid has to be filled also in a dry run
    auto const x = draw_rows(law, 1, 0, std::max(fewest, effort().scaled(20'000)));
    double figure = 0;
    tbb::global_control const one(tbb::global_control::max_allowed_parallelism, 1);
    measure(state,
            {.run = [&] { figure += metric(x, law); }, .units = 1, .peak = fma_peak<double>});
    benchmark::DoNotOptimize(figure);
  });
}

}  // namespace

void register_benchmarks() {
  add_metric("projected_kolmogorov_smirnov",
             [](auto x, auto const& law) { return projected_kolmogorov_smirnov(x, law).value; });
  add_metric("kl_on_grid", [](auto x, auto const& law) { return kl_on_grid(x, law).value; });
  add_metric("mean_log_density",
             [](auto x, auto const& law) { return mean_log_density(x, law).value; });
  add_metric("mode_weights",
             [](auto x, auto const& law) { return mode_weights(x, law).largest.value; });
  add_metric("frechet_distance",
             [](auto x, auto const& law) { return frechet_distance(x, law).value; });
  add_metric("squared_mmd", [](auto x, auto const& law) { return squared_mmd(x, law).value; });
  add_metric("sliced_wasserstein_2",
             [](auto x, auto const& law) { return sliced_wasserstein_2(x, law).value; });
  add_metric("projected_distances", [](auto x, auto const& law) {
    static auto const y = draw_rows(law, 2, 0, effort().scaled(20'000));
    return projected_distances(x, y, 2).energy_distance;
  });
}

}  // namespace retrace::benchmarks
