// SPDX-License-Identifier: Apache-2.0

// Runs every loop of the library that oneTBB spreads over threads, for ThreadSanitizer: see
// scripts/check-races. With an argument it plants a race instead, which must be found.
#include <retrace/metrics/frechet_distance.hpp>
#include <retrace/metrics/kl_on_grid.hpp>
#include <retrace/metrics/kolmogorov_smirnov.hpp>
#include <retrace/metrics/mean_log_density.hpp>
#include <retrace/metrics/mode_weights.hpp>
#include <retrace/metrics/projected_distances.hpp>
#include <retrace/metrics/sliced_wasserstein_2.hpp>
#include <retrace/metrics/squared_mmd.hpp>
#include <retrace/targets/checkerboard.hpp>
#include <retrace/targets/draw_rows.hpp>
#include <retrace/targets/eight_gaussians.hpp>

#include <tbb/parallel_for.h>

#include <cstdio>
#include <exception>
#include <vector>

namespace {

int planted() {
  int sum = 0;
  tbb::parallel_for(0, 1000, [&](int i) { sum += i; });  // no two threads may do this
  std::printf("%d\n", sum);
  return 0;
}

int all() {
  using namespace retrace;
  constexpr std::int64_t n = 2000;
  Mixture const law = eight_gaussians{}();
  std::vector<double> const x = draw_rows(law, 1, 0, n), y = draw_rows(law, 2, 0, n),
                            z = draw_rows(checkerboard{}(), 3, 0, n);
  bool const pass = projected_kolmogorov_smirnov(x, law).passes() &&
                    sliced_wasserstein_2(x, law).passes() && mean_log_density(x, law, n).passes() &&
                    squared_mmd(x, law).passes() && frechet_distance(x, law).passes() &&
                    kl_on_grid(x, law).passes() && mode_weights(x, law).largest.passes();
  double const far = projected_distances(x, z, 2).sliced_wasserstein,
               near = projected_distances(x, y, 2).sliced_wasserstein;
  return pass && near < far ? 0 : 1;
}

}  // namespace

int main(int argc, char**) try {
  return argc > 1 ? planted() : all();
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
