// SPDX-License-Identifier: Apache-2.0
// How much of the error is the model's, and how much the solver's? The exact score is spoiled by a
// fixed random field of known size; the first row has the solver's error alone, the last column
// hardly any of it.
#include <retrace/core/runtime.hpp>
#include <retrace/metrics/projected_distances.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/dpmpp_2m.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>
#include <retrace/targets/draw_rows.hpp>
#include <retrace/targets/swiss_roll.hpp>

#include <cstdint>
#include <cstdio>
#include <vector>

using namespace retrace;

int main(int argc, char** argv) {
  Runtime const runtime(argc, argv);
  constexpr std::int64_t n = 20'000;
  Target const target = swiss_roll{}();
  std::vector<double> const exact = draw_rows(target, 1, n, n);

  auto const distance = [&](double size, std::int64_t steps) {
    auto const model = spoiled(target, score_errors::field{.size = size, .seed = 7});
    auto const run = sample(model, dpmpp_2m{}, grids::log_snr{}(vp{}, steps), {.samples = n});
    std::vector<double> const x(run.x.data(), run.x.data() + run.x.size());
    return sliced_wasserstein(x, exact, 2);
  };

  std::vector<double> const sizes{0, 0.03, 0.1, 0.3};
  std::vector<std::int64_t> const steps{6, 12, 24, 96};
  std::vector<std::vector<double>> table;
  std::printf("sliced Wasserstein distance to exact draws\n\n error of the model \\ steps");
  for (std::int64_t const count : steps) std::printf("%9d", static_cast<int>(count));
  for (double const size : sizes) {
    std::printf("\n%27g", size);
    table.emplace_back();
    for (std::int64_t const count : steps) {
      table.back().push_back(distance(size, count));
      std::printf("%9.4f", table.back().back());
    }
  }
  double const floor = sliced_wasserstein(exact, draw_rows(target, 1, 2 * n, n), 2);
  std::printf("\n%27s%9.4f\n", "exact draws", floor);

  // More steps help the exact model down to the noise of the samples, the spoiled one no further
  // than its own error.
  bool const solver = table[0][0] > 5 * table[0][3] && table[0][3] < 3 * floor;
  bool const model = table[3][3] > 5 * table[0][3] && table[3][3] > table[1][3];
  return solver && model ? 0 : 1;
}
