// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/exact_divergence.hpp>
#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace retrace {
namespace {

/// It denoises, and changes slowly with the level.
Network denoiser(int dimension) {
  return random_network({.dimension = dimension,
                         .width = 21,
                         .conditioning = Conditioning::log_sigma,
                         .prediction = Prediction::denoised},
                        9);
}

std::vector<double> points(int dimension) {
  std::vector<double> x;
  for (int i = 0; i < 6 * dimension; ++i) x.push_back(std::sin(1 + 2.3 * i));
  return x;
}

TEST(NetworkLikelihood, IsTheSameByGridsInKernelsAndByAdaptiveStepsOnTheHost) {
  Sde const sde = make_sde("vp");
  for (int const d : {1, 2, 4}) {
    SCOPED_TRACE(d);
    Network const network = denoiser(d);
    auto const x = points(d);
    Grid const grid = make_grid("log-snr", sde, 400, {1e-2, 0.99});
    auto const fixed = log_likelihood(network, "dpm-solver-3", grid, x, {.budget = Budget::none});
    auto const adaptive = log_likelihood(host_model(network), sde, "dopri5", x,
                                         {.span = {1e-2, 0.99},
                                          .encode = {.tolerance = {.rtol = 1e-9, .atol = 1e-9}},
                                          .budget = Budget::none});
    for (std::size_t i = 0; i < fixed.logp.size(); ++i) {
      EXPECT_NEAR(fixed.logp[i], adaptive.logp[i], 1e-6 * std::abs(adaptive.logp[i]));
      EXPECT_NEAR(fixed.delta_logp[i], adaptive.delta_logp[i], 1e-5);
    }
    EXPECT_GT(std::abs(fixed.delta_logp[0] - fixed.delta_logp[1]), 1e-3);
  }
}

TEST(NetworkLikelihood, LeavesTheSamplesBitsAlone) {
  Network const network = denoiser(2);
  Sde const sde = make_sde("vp");
  Grid const grid = make_grid("log-snr", sde, 10, {1e-2, 0.99});
  auto const x = points(2);
  AnySampler const sampler = make_sampler("ddim");
  auto const encoded = encode(*volume_executor<double>(network), sampler, grid, x);
  HostArray<double> start("start", x.size() / 2, 2);
  for (std::size_t i = 0; i < x.size(); ++i) start.data()[i] = x[i];
  SampleOptions<double> options{.samples = 6};
  options.start = given_start<double>(start, 0);
  auto const run = sample<double>(network, sampler, grid, options);
  for (std::size_t i = 0; i < 6; ++i)
    for (std::size_t c = 0; c < 2; ++c) EXPECT_EQ(encoded.z(i, c), run.x(i, c));
}

}  // namespace
}  // namespace retrace
