// SPDX-License-Identifier: Apache-2.0
// Samples a swiss roll in twenty steps, measures the distance to exact draws, writes an .npy.
#include <retrace/core/runtime.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/metrics/projected_distances.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/dpmpp_2m.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>
#include <retrace/targets/swiss_roll.hpp>

#include <cstdint>
#include <iostream>
#include <span>
#include <vector>

int main(int argc, char** argv) {
  retrace::Runtime const runtime(argc, argv);
  retrace::Mixture const target = retrace::swiss_roll{}();
  retrace::Grid const grid = retrace::grids::log_snr{}(retrace::vp{}, 20);
  auto const run =
      retrace::sample(target, retrace::dpmpp_2m{}, grid, {.samples = 10'000, .seed = 1});
  std::int64_t const shape[] = {10'000, 2};
  retrace::write_npy("swiss_roll.npy", run.x.data(), shape);

  std::vector<double> const x(run.x.data(), run.x.data() + run.x.size());
  std::vector<double> exact(x.size());
  for (std::size_t i = 0; i < exact.size(); i += 2)
    target.draw(2, static_cast<std::int64_t>(i / 2), std::span(exact).subspan(i, 2));
  double const distance = retrace::sliced_wasserstein(x, exact, 2);
  std::cout << run.evaluations << " evaluations, " << run.seconds << " s, sliced Wasserstein "
            << "distance " << distance << ", samples in swiss_roll.npy\n";
  return distance < 0.05 ? 0 : 1;  // two sets of exact draws are 0.02 apart
}
