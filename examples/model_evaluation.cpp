// SPDX-License-Identifier: Apache-2.0
// One model, two likelihoods: the variational bound of a DDPM of a thousand steps, and the
// probability flow of the continuous process it discretises. The model is exact here, so the flow
// is right but for its budget, and what the bound is above it is the bound's own gap.
#include <retrace/core/runtime.hpp>
#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/likelihood/variational_bound.hpp>
#include <retrace/sde/beta_schedule.hpp>
#include <retrace/sde/vp.hpp>
#include <retrace/targets/draw_rows.hpp>
#include <retrace/targets/eight_gaussians.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <vector>

using namespace retrace;

int main(int argc, char** argv) {
  Runtime const runtime(argc, argv);
  constexpr std::int64_t n = 500;
  constexpr int d = 2;
  Target const target = eight_gaussians{}();
  std::vector<double> const test_set = draw_rows(target, 1, 0, n);

  ReverseModel<double> const model{
      .prediction = Prediction::denoised,
      .call = [&](Batch<double const> x, NoiseLevel const& level, std::int64_t, Batch<double> out) {
        TargetAtLevel const law = target.at(level);
        for (std::size_t i = 0; i < x.extent(0); ++i) law.denoised({&x(i, 0), d}, {&out(i, 0), d});
      }};
  auto const bound = variational_bound(Chain(betas_of(BetaSchedule::linear, 1000)), model, test_set,
                                       d, {.draws = 4});
  Likelihood const flow = log_likelihood(target, vp{}, "tsit5", test_set);

  double exact = 0, found = 0, error = 0, squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    exact -= target.at(NoiseLevel::clean(0)).log_density({&test_set[d * i], d}) / n;
    found -= flow.logp[i] / n;
    error += flow.error.total(i) / n;
    squares += flow.logp[i] * flow.logp[i] / n;
  }
  double const spread = std::sqrt((squares - found * found) / n);
  std::printf("-log p of %d test points, nats (bits per dimension)\n", static_cast<int>(n));
  auto const line = [&](char const* what, double nats, char const* rest) {
    std::printf("%-28s %8.4f (%.4f)  %s\n", what, nats, bits_per_dimension(-nats, d), rest);
  };
  line("exact density", exact, "");
  line("probability flow", found, "");
  line("variational bound", bound.nats, "");
  std::printf("the flow is within %.4f of the truth by its own budget; test set +- %.3f\n", error,
              spread);
  return std::abs(found - exact) <= error && bound.nats > exact ? 0 : 1;
}
