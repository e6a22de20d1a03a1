// SPDX-License-Identifier: Apache-2.0

// Runs on one Brownian path (Draws::path): other steps and samplers see the same noise.
#include <retrace/core/error.hpp>
#include <retrace/exact/path_error.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/gaussian.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <cmath>
#include <string>

namespace retrace {
namespace {

constexpr std::int64_t n = 2000;

HostArray<double> ends(char const* sampler, std::int64_t steps, Draws draws,
                       std::size_t segment_bytes = std::size_t{8} << 20) {
  Grid const grid = make_grid("log-snr", make_sde("vp"), steps, {1.0, 1e-3});
  SampleOptions<double> options{.samples = n, .seed = 5, .draws = draws};
  options.segment_bytes = segment_bytes;
  return sample<double>(Mixture::isotropic({1}, {0.7, 0.7}, {0.25}), make_sampler(sampler), grid,
                        options)
      .x;
}

double root_mean_square(HostArray<double> const& a, HostArray<double> const& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += std::pow(a(i, 0) - b(i, 0), 2);
  return std::sqrt(sum / n);
}

TEST(Path, MakesFinerGridsConvergeSampleBySample) {
  auto const exact = ends("ancestral", 512, Draws::path);
  double const coarse = root_mean_square(ends("ancestral", 16, Draws::path), exact),
               fine = root_mean_square(ends("ancestral", 32, Draws::path), exact);
  EXPECT_NEAR(std::log2(coarse / fine), 1, 0.15);
  // The control: independent draws leave samples as far apart as strangers.
  EXPECT_GT(root_mean_square(ends("ancestral", 32, Draws::independent), exact), 0.3);
}

TEST(Path, IsSharedByOtherSamplers) {
  auto const exact = ends("ancestral", 1024, Draws::path);
  for (char const* sampler : {"euler-maruyama", "reverse-diffusion", "ddim:eta=1"})
    EXPECT_LT(root_mean_square(ends(sampler, 128, Draws::path), exact), 0.03) << sampler;
}

/// What runs show is what path_error() computes; the limit is five standard errors of a mean square
/// of two thousand, and the fine grid's own error.
TEST(Path, ErrorsOfRunsAreTheExactOnes) {
  Grid const grid = make_grid("log-snr", make_sde("vp"), 16, {1.0, 1e-3});
  Normal const data{0.7, 0.25};
  double const computed = path_error(make_sampler("ancestral"), grid, data, {0, 1});
  double const seen =
      root_mean_square(ends("ancestral", 16, Draws::path), ends("ancestral", 2048, Draws::path));
  EXPECT_NEAR(seen / computed, 1, 0.09);
}

TEST(Path, GivesTheSameBitsForAnySegments) {
  auto const whole = ends("euler-maruyama", 24, Draws::path),
             cut = ends("euler-maruyama", 24, Draws::path, 1);
  for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(whole(i, 1), cut(i, 1)) << i;
}

TEST(Path, KeepsFewRegistersHoweverLongTheRun) {
  auto const registers = [](std::int64_t steps) {
    Grid const grid = make_grid("log-snr", make_sde("vp"), steps, {1.0, 1e-3});
    return allocate(trace(make_sampler("ancestral"), grid, Prediction::denoised, LastNoise::keep,
                          {}, Draws::path),
                    2)
        .registers;
  };
  EXPECT_LE(registers(200), registers(50) + 4);
  EXPECT_LE(registers(200), 110);
}

TEST(Path, LeavesNoiseThatIsNotTheReverseProcesssIndependent) {
  auto const kinds = [](char const* sampler) {
    Grid const grid = make_grid("log-snr", make_sde("vp"), 6, {1.0, 1e-3});
    std::int64_t steps = 0, path = 0;
    for (Instruction const& i :
         trace(make_sampler(sampler), grid, Prediction::denoised, LastNoise::keep, {}, Draws::path)
             .code)
      if (i.op == Op::normal) ++(i.purpose == Purpose::path ? path : steps);
    return std::pair(steps, path);
  };
  EXPECT_EQ(kinds("langevin"), (std::pair<std::int64_t, std::int64_t>{6, 0}));
  EXPECT_EQ(kinds("edm-heun:churn=3"), (std::pair<std::int64_t, std::int64_t>{6, 0}));
  EXPECT_EQ(kinds("pc-langevin").first, 6);
  EXPECT_GT(kinds("pc-langevin").second, 6);
  EXPECT_EQ(kinds("ancestral").first, 0);
}

TEST(Path, RefusesStepsBelowItsResolution) {
  Grid const grid(make_sde("vp"), {0.5, 0.5 - 1e-9, 0.4});
  EXPECT_THROW((void)trace(make_sampler("ancestral"), grid, Prediction::denoised, LastNoise::keep,
                           {}, Draws::path),
               Error);
}

}  // namespace
}  // namespace retrace
