// SPDX-License-Identifier: Apache-2.0
// A sampler of your own: the text of its paper in one struct. It is traced and printed, its order
// is measured without any sampling, and it runs in the fused kernel that all samplers share. In a
// file of its own and with a line in solvers/src/samplers/registry.cpp it gets a name, tests and
// help.
#include <retrace/core/runtime.hpp>
#include <retrace/exact/moments.hpp>
#include <retrace/metrics/projected_distances.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/ddim.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/vp.hpp>
#include <retrace/targets/registry.hpp>

#include <cmath>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <span>
#include <vector>

using namespace retrace;

/// Lu et al. 2022, "DPM-Solver++", Algorithm 1 with r = 1/2: the exponential integrator with the
/// denoised estimate of the middle of the step.
struct my_midpoint {
  static constexpr SamplerInfo info{.name = "my-midpoint",
                                    .summary = "exponential midpoint rule in log-SNR",
                                    .paper = "Lu et al. 2022, DPM-Solver++, Algorithm 1",
                                    .order = 2};

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps()) {
      NoiseLevel const m = grid.between(s, t, 0.5);
      Vec const u = step(x, s, m, model.denoised(x, s));
      x = step(x, s, t, model.denoised(u, m));
    }
    return x;
  }

  /// The exact solution from s to t of the ODE with a constant denoised estimate.
  static Vec step(Vec const& x, NoiseLevel const& s, NoiseLevel const& t, Vec const& x0) {
    return t.sigma() / s.sigma() * x - t.alpha() * std::expm1(s.lambda() - t.lambda()) * x0;
  }
};

/// Distance of the sampler's exact law from the true one on data N(1, 0.04), where both are normal.
double error(AnySampler const& sampler, std::int64_t steps) {
  Normal const data{1, 0.04};
  Grid const grid = grids::log_snr{}(vp{}, steps, {1.0, 1e-3});
  Normal const result = moments(sampler, grid, data, marginal(data, grid.level(0)));
  return wasserstein2(result, marginal(data, grid.level(grid.count())));
}

double print_orders(AnySampler const& sampler, char const* name) {
  std::cout << '\n' << name << " on Gaussian data, exactly:\n  steps        W2   order\n";
  double order = 0;
  for (std::int64_t steps = 32; steps <= 512; steps *= 2) {
    double const coarse = error(sampler, steps), fine = error(sampler, 2 * steps);
    order = std::log2(coarse / fine);
    std::cout << std::setw(7) << 2 * steps << std::setw(10) << std::setprecision(2) << fine
              << std::setw(8) << std::fixed << order << std::defaultfloat << '\n';
  }
  return order;
}

/// Distance of 20 000 samples of the eight Gaussians from exact draws.
double print_distance(AnySampler const& sampler, char const* name, std::int64_t steps) {
  Target const target = make_target("eight-gaussians");
  Grid const grid = grids::log_snr{}(vp{}, steps);
  auto const run = sample(target, sampler, grid, {.samples = 20'000, .seed = 1});
  std::vector<double> const x(run.x.data(), run.x.data() + run.x.size());
  std::vector<double> exact(x.size());
  for (std::size_t i = 0; i < exact.size(); i += 2)
    target.draw(2, static_cast<std::int64_t>(i / 2), std::span(exact).subspan(i, 2));
  double const distance = sliced_wasserstein(x, exact, 2);
  std::cout << std::setw(12) << name << ": " << run.evaluations << " evaluations, distance "
            << std::setprecision(3) << distance << '\n';
  return distance;
}

int main(int argc, char** argv) {
  Runtime const runtime(argc, argv);
  std::cout << "Two steps of " << my_midpoint::info.name << ", traced:\n"
            << trace(my_midpoint{}, grids::log_snr{}(vp{}, 2, {1.0, 1e-3}));

  double const mine = print_orders(my_midpoint{}, "my-midpoint");
  double const first = print_orders(ddim{}, "ddim");

  std::cout << "\nEight Gaussians, fused:\n";
  double const near = print_distance(my_midpoint{}, "my-midpoint", 12);
  double const far = print_distance(ddim{}, "ddim", 24);

  bool const right = std::abs(mine - 2) < 0.1 && std::abs(first - 1) < 0.1 && near < far;
  return right ? 0 : 1;
}
