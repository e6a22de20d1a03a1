// SPDX-License-Identifier: Apache-2.0
// A forward process of your own: one struct. Every grid and sampler takes it. In a file of its own
// and with a line in sde/src/registry.cpp it gets a name, tests and help.
#include <retrace/core/runtime.hpp>
#include <retrace/metrics/projected_distances.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/sde.hpp>
#include <retrace/sde/uniform.hpp>
#include <retrace/sde/variance_preserving.hpp>
#include <retrace/targets/registry.hpp>

#include <cmath>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <span>
#include <vector>

using namespace retrace;

/// Variance preserving with lambda = log(alpha / sigma) linear in time.
struct linear_log_snr {
  static constexpr SdeInfo info{.name = "linear-log-snr",
                                .summary = "variance preserving, log-SNR linear in t",
                                .paper = "Kingma et al. 2021, Variational diffusion models"};

  double lambda_data = 6;    // at t = 0
  double lambda_noise = -6;  // at t = 1

  static std::vector<Option<linear_log_snr>> options() {
    return {real_option("lambda-data", &linear_log_snr::lambda_data, Range{.low = 0, .high = 20},
                        "log(alpha / sigma) at t = 0"),
            real_option("lambda-noise", &linear_log_snr::lambda_noise,
                        Range{.low = -20, .high = -1}, "log(alpha / sigma) at t = 1")};
  }

  [[nodiscard]] LevelValues at(double t) const {
    double const lambda = std::lerp(lambda_data, lambda_noise, t);
    double const variance = 1 / (1 + std::exp(2 * lambda));
    double const f = (lambda_noise - lambda_data) * variance;  // (log alpha)' = lambda' sigma^2
    return variance_preserving(t, variance_preserving_log_alpha(lambda), f);
  }
  [[nodiscard]] double t_of_lambda(double lambda) const {
    return (lambda - lambda_data) / (lambda_noise - lambda_data);
  }
  [[nodiscard]] double t_max() const { return 1; }
  [[nodiscard]] double prior_sigma() const { return 1; }
};

std::vector<double> exact_draws(Target const& target, std::int64_t n, std::uint64_t seed) {
  std::vector<double> x(static_cast<std::size_t>(2 * n));
  for (std::int64_t i = 0; i < n; ++i)
    target.draw(seed, i, std::span(x).subspan(static_cast<std::size_t>(2 * i), 2));
  return x;
}

int main(int argc, char** argv) {
  Runtime const runtime(argc, argv);
  Sde const sde = linear_log_snr{};
  std::cout << "      t   alpha   sigma  lambda\n" << std::fixed << std::setprecision(4);
  for (double const t : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    NoiseLevel const s = sde.at(t);
    std::cout << std::setw(7) << t << std::setw(8) << s.alpha() << std::setw(8) << s.sigma()
              << std::setw(8) << s.lambda() << '\n';
  }

  constexpr std::int64_t n = 20'000, steps = 60;
  Target const target = make_target("eight-gaussians");
  std::vector<double> const exact = exact_draws(target, n, 2);
  double const floor = sliced_wasserstein(exact_draws(target, n, 3), exact, 2);
  std::cout << "\nSliced Wasserstein distance to exact draws; exact against exact: " << floor
            << '\n';

  bool right = true;
  Grid const grid = grids::uniform{}(sde, steps, {1.0, 0.0});
  for (SamplerEntry const& entry : samplers()) {
    auto const run = sample(target, make_sampler(entry.name), grid, {.samples = n, .seed = 1});
    std::vector<double> const x(run.x.data(), run.x.data() + run.x.size());
    double const distance = sliced_wasserstein(x, exact, 2);
    std::cout << std::setw(18) << entry.name << std::setw(8) << distance << '\n';
    // A sampler that only corrects is far off after so few steps, and says that it has no order.
    bool const converges = entry.info.claims == Claims::orders;
    right = right && run.nonfinite == 0 && (!converges || distance < floor + 0.1);
  }
  return right ? 0 : 1;
}
