// SPDX-License-Identifier: Apache-2.0
// A U-Net and a transformer on 3x32x32 tensors.
#include "modules.hpp"

#include <retrace/io/npy.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/grid_rule.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

constexpr int dimension = 3 * 32 * 32;

/// What lies between the samples, of the largest number in them: networks that learnt nothing send
/// samples far out.
double relative_distance(HostArray<float> const& found, std::span<double const> expected) {
  EXPECT_EQ(found.size(), expected.size());
  double largest = 0, apart = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    apart = std::max(apart, std::abs(found.data()[i] - expected[i]));
  }
  return apart / largest;
}

std::vector<double> values_of(HostArray<float> const& x) { return {x.data(), x.data() + x.size()}; }

class Images : public ::testing::TestWithParam<char const*> {};

TEST_P(Images, GoThroughTheBatchedPathOfEverySampler) {
  TorchScriptModel const model = module(GetParam());
  EXPECT_EQ(model.dimension(), dimension);
  for (char const* sampler : {"ddim", "dpmpp-2m", "heun", "euler-maruyama"}) {
    auto const run = sample<float>(model, make_sampler(sampler),
                                   make_grid("uniform:final=eps", make_sde("vp"), 4, {}),
                                   {.samples = 3, .seed = 1});
    ASSERT_EQ(run.x.extent(0), 3U);
    ASSERT_EQ(run.x.extent(1), static_cast<std::size_t>(dimension));
    EXPECT_EQ(run.nonfinite, 0) << sampler;
  }
}

TEST_P(Images, EqualThoseOfALoopInPyTorch) {
  NpyArray const start = read_npy(made("start.npy"));
  HostArray<float> states("start", 5, dimension);
  std::copy(start.values.begin(), start.values.end(), states.data());
  Grid const grid(make_sde("vp"), {1.0, 0.8, 0.6, 0.45, 0.3, 0.2, 0.1, 0.05, 0.01});
  auto const expected = read_npy(made(std::string(GetParam()) + ".npy")).values;
  auto const distance = [&](char const* sampler, TorchScriptOptions const& options) {
    auto const run = sample<float>(module(GetParam(), options), make_sampler(sampler), grid,
                                   {.samples = 5, .start = given_start<float>(states, 0)});
    return relative_distance(run.x, expected);
  };
  EXPECT_LT(distance("ddim", {}), 1e-5);
  EXPECT_GT(distance("dpmpp-2m", {}), 1e-3);
  EXPECT_GT(distance("ddim", {.conventions = {.prediction = Prediction::velocity}}), 1e-3);
  EXPECT_GT(distance("ddim", {.conventions = {.time = ModuleTime{.scale = 2}}}), 1e-3);
}

TEST_P(Images, AreTheSameInCallsOfAnySizeAsFarAsTheLibraryGoes) {
  auto const run = [&](std::int64_t batch) {
    return sample<float>(module(GetParam(), {.batch = batch}), make_sampler("dpmpp-2m"),
                         make_grid("uniform:final=eps", make_sde("vp"), 5, {}),
                         {.samples = 5, .seed = 1})
        .x;
  };
  auto const together = run(0), again = run(0);
  EXPECT_EQ(values_of(together), values_of(again));
  for (std::int64_t const batch : {1, 2, 5})
    EXPECT_LT(relative_distance(run(batch), values_of(together)), 1e-5) << batch;
}

INSTANTIATE_TEST_SUITE_P(Modules, Images, ::testing::Values("unet", "transformer"),
                         [](auto const& parameter) { return std::string(parameter.param); });

}  // namespace
}  // namespace retrace::test
