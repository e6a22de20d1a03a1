// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/host_network.hpp>
#include <retrace/nn/network_source.hpp>
#include <retrace/odeint/sample.hpp>
#include <retrace/odeint/steppers.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/reference.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <nn/support/networks.hpp>
#include <run/opaque.hpp>
#include <support/hash.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::contains;

Network small_network(int dimension) {
  Architecture a{.dimension = dimension, .width = 21};
  return testing::random_scaled_network(a, 9);
}

Grid vp_grid() { return make_grid("log-snr", make_sde("vp"), 12, {1.0, 1e-3}); }

template <class T>
std::uint64_t hash_of(Samples<T> const& run) {
  return testing::hash_bytes(run.x.data(), run.x.size());
}

template <class T>
std::uint64_t run_hash(Executor<T>& executor, AnySampler const& sampler,
                       SampleOptions<T> const& options = {.samples = 333, .seed = 7}) {
  Grid const grid = vp_grid();
  return hash_of(sample(executor, default_start<T>(grid, 7), sampler, grid, options));
}

/// A network as a user would write it who knows nothing of tiles.
template <class T>
struct OpaqueNetwork : testing::Opaque<T, NetworkSource> {
  static constexpr Prediction prediction = Prediction::noise;
};

template <class T>
void same_bits_however_run(int dimension) {
  NetworkSource const source(small_network(dimension));
  for (char const* name : {"euler-maruyama", "ddim", "dpmpp-2m", "edm-heun"}) {
    SCOPED_TRACE(name);
    AnySampler const sampler = make_sampler(name);
    auto const usual = network_executor<T>(small_network(dimension));
    std::uint64_t const expected = run_hash<T>(*usual, sampler);
    FusedExecutor<T, NetworkSource, 0, simd::Native, 64> other_tile(source);
    EXPECT_EQ(run_hash<T>(other_tile, sampler), expected) << "tile of 64";
    FusedExecutor<T, NetworkSource, 0, simd::Scalar, 16> scalar(source);
    EXPECT_EQ(run_hash<T>(scalar, sampler), expected) << "scalar lanes";
    SampleOptions<T> segmented{.samples = 333, .seed = 7};
    segmented.segment_bytes = 1;
    EXPECT_EQ(run_hash<T>(*usual, sampler, segmented), expected) << "a segment an evaluation";
    auto const batched = batched_executor<T>({OpaqueNetwork<T>{{source}}, dimension});
    EXPECT_EQ(run_hash<T>(*batched, sampler), expected) << "batched";
  }
}

TEST(NetworkSamples, HaveTheSameBitsFusedAndBatchedInEveryTile) {
  same_bits_however_run<float>(2);
  same_bits_however_run<double>(2);
  same_bits_however_run<float>(5);
}

TEST(NetworkSamples, OfEveryPredictionAreThoseOfTheReference) {
  for (auto const& [name, prediction] : names<Prediction>()) {
    SCOPED_TRACE(name);
    Architecture a{.dimension = 2, .width = 13, .prediction = prediction};
    Network const network = testing::random_scaled_network(a, 4);
    AnySampler const sampler = make_sampler("ddim:eta=0.5");
    Grid const grid = vp_grid();
    auto const run = sample<double>(network, sampler, grid, {.samples = 5, .seed = 3});
    HostNetwork const host(network);
    auto const program = trace(sampler, grid, prediction);
    auto const start = start_states(default_start<double>(grid, 3), 0, 5, 2);
    for (std::size_t i = 0; i < 5; ++i) {
      std::vector<double> x{start(i, 0), start(i, 1)};
      reference(
          program,
          [&](std::span<double const> at, NoiseLevel const& level, std::span<double> out) {
            host.predict(at, level, out);
          },
          3, i, x);
      double const scale = std::max(1.0, std::hypot(x[0], x[1]));
      EXPECT_NEAR(run.x(i, 0), x[0], 1e-10 * scale);
      EXPECT_NEAR(run.x(i, 1), x[1], 1e-10 * scale);
    }
  }
}

TEST(NetworkSamples, StartBelowTheLargestTimeOnlyWhereTheStateIsKnown) {
  Network const network = small_network(2);
  auto const run = [&](char const* sde, double from, double to) {
    return sample<float>(network, make_sampler("ddim"),
                         make_grid("uniform", make_sde(sde), 4, {from, to}), {.samples = 3});
  };
  EXPECT_TRUE(contains(testing::argument_error([&] { static_cast<void>(run("vp", 0.5, 1e-3)); }),
                       "--init"));
  EXPECT_EQ(run("edm", 2, 0.1).nonfinite, 0);
}

TEST(NetworkSamples, AreRefusedForWeightsThatAreNotFinite) {
  Network network = small_network(2);
  network.tensor("l.1.weight")[5] = std::nanf("");
  try {
    static_cast<void>(sample<float>(network, make_sampler("ddim"), vp_grid(), {.samples = 3}));
    FAIL() << "it sampled";
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::numerics);
    EXPECT_TRUE(contains(error.what(), "'l.1.weight'"));
  }
}

TEST(NetworkSamples, OfAdaptiveStepsEndWhereManyFixedStepsDo) {
  // Random noise, or one that changes fast with t, would end far out.
  Network const network = random_network(
      {.width = 21, .conditioning = Conditioning::log_sigma, .prediction = Prediction::denoised},
      9);
  Sde const sde = make_sde("vp");
  auto const adaptive =
      adaptive_sample<double>(network, "dopri5", sde, {1.0, 1e-2}, {.samples = 4, .seed = 2});
  auto const fixed =
      sample<double>(network, make_sampler("rk4"), make_grid("log-snr", sde, 400, {1.0, 1e-2}),
                     {.samples = 4, .seed = 2});
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(adaptive.outcomes[i], Outcome::done);
    EXPECT_NEAR(adaptive.x(i, 0), fixed.x(i, 0), 1e-4);
    EXPECT_NEAR(adaptive.x(i, 1), fixed.x(i, 1), 1e-4);
  }
}

TEST(NetworkSamples, OfAdaptiveStepsAreThoseOfTheHostWithinTheTolerance) {
  Network const network = random_network(
      {.width = 21, .conditioning = Conditioning::log_sigma, .prediction = Prediction::denoised},
      9);
  Sde const sde = make_sde("vp");
  Span const span{1.0, 1e-2};
  Grid const ends(sde, {1.0, 1e-2});
  auto const host = odeint_sample(host_model(network), sde, odeint_stepper("dopri5"), span,
                                  default_start<double>(ends, 2),
                                  {.samples = 70, .seed = 2, .tolerance = {1e-9, 1e-9}});
  auto const run = adaptive_sample<double>(network, "dopri5", sde, span,
                                           {.samples = 70, .seed = 2, .tolerance = {1e-9, 1e-9}});
  auto const rounded =
      adaptive_sample<float>(network, "dopri5", sde, span, {.samples = 70, .seed = 2});
  for (std::size_t i = 0; i < 70; ++i) {
    EXPECT_NEAR(run.x(i, 1), host.x(i, 1), 1e-7);
    EXPECT_NEAR(static_cast<double>(rounded.x(i, 1)), host.x(i, 1), 1e-3);
  }
}

TEST(NetworkSamples, OfAdaptiveStepsDoNotDependOnTheOthers) {
  Network const network = small_network(3);
  auto const run = [&](std::int64_t samples, std::uint64_t first) {
    return adaptive_sample<float>(
        network, "tsit5", make_sde("vp"), {0.9, 0.1},
        {.samples = samples, .first_sample = first, .start = gaussian_start<float>(1, 5)});
  };
  auto const all = run(150, 0), some = run(7, 101);
  for (std::size_t i = 0; i < 7; ++i) {
    EXPECT_EQ(some.x(i, 2), all.x(i + 101, 2));
    EXPECT_EQ(some.evaluations[i], all.evaluations[i + 101]);
  }
}

}  // namespace
}  // namespace retrace
