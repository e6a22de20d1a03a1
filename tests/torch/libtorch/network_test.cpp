// SPDX-License-Identifier: Apache-2.0
// The multilayer perceptron of docs/networks.md, saved by Python both ways: as tensors it runs in
// our kernels, as TorchScript in libtorch.
#include "modules.hpp"

#include <retrace/io/network_file.hpp>
#include <retrace/likelihood/exact_divergence.hpp>
#include <retrace/likelihood/hutch_pp.hpp>
#include <retrace/likelihood/hutchinson.hpp>
#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/nn/host_network.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/grid_rule.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace retrace::test {
namespace {

Network network() { return read_network(made("mlp.safetensors")).network; }

template <class T>
double distance(HostArray<T> const& one, HostArray<T> const& other) {
  EXPECT_EQ(one.size(), other.size());
  double largest = 0;
  for (std::size_t i = 0; i < one.size(); ++i) {
    double const a = one.data()[i], b = other.data()[i];
    largest = std::max(largest, std::abs(a - b) / (1 + std::abs(a)));
  }
  return largest;
}

template <class T>
void expect_equal_samples(char const* sampler, char const* grid) {
  Grid const steps = make_grid(grid, make_sde("vp"), 20, {});
  SampleOptions<T> const options{.samples = 300, .seed = 5};
  auto const fused = sample<T>(network(), make_sampler(sampler), steps, options);
  auto const batched = sample<T>(module("mlp"), make_sampler(sampler), steps, options);
  EXPECT_EQ(batched.evaluations, fused.evaluations);
  EXPECT_EQ(batched.nonfinite, 0);
  EXPECT_LT(distance(batched.x, fused.x), 1e-4) << sampler;
}

TEST(TorchScriptModel, GivesTheSamplesThatTheSameNetworkGivesInTheFusedKernel) {
  for (char const* sampler : {"dpmpp-2m", "heun", "euler-maruyama"}) {
    expect_equal_samples<float>(sampler, "uniform:final=eps");
    expect_equal_samples<double>(sampler, "uniform:final=eps");
  }
}

TEST(TorchScriptModel, RunsInTheTypeOfItsParameters) {
  // The same steps in float and double agree better than a module in float could tell.
  auto const run = [&]<class T>(T) {
    return sample<T>(module("mlp_f64"), make_sampler("ddim"),
                     make_grid("uniform:final=eps", make_sde("vp"), 5, {}),
                     {.samples = 20, .seed = 5});
  };
  auto const narrow = run(0.0F);
  auto const wide = run(0.0);
  for (std::size_t i = 0; i < wide.x.size(); ++i)
    EXPECT_NEAR(narrow.x.data()[i], wide.x.data()[i], 1e-4 * (1 + std::abs(wide.x.data()[i])));
}

TEST(TorchScriptModel, PredictsAndDifferentiatesAsTheSameNetworkDoes) {
  TorchScriptModel const torch = module("mlp");
  HostNetwork const host(network());
  HostModel const model = host_model(torch);
  std::vector<double> const points{0.3, -1.2, 2, 0.5}, unit{1, 0, 0, 1};
  for (double const t : {0.01, 0.3, 0.9}) {
    NoiseLevel const level = make_sde("vp").at(t);
    for (std::size_t i = 0; i < points.size(); i += 2) {
      std::span<double const> const x = std::span(points).subspan(i, 2);
      std::vector<double> out(2), products(4), expected(2), expected_products(4);
      host.products(x, level, unit, expected, expected_products);
      model.products(x, level, unit, out, products);
      for (std::size_t c = 0; c < 2; ++c) {
        EXPECT_NEAR(out[c], expected[c], 1e-5);
        for (std::size_t e = 0; e < 2; ++e)  // the transposed one
          EXPECT_NEAR(products[2 * e + c], expected_products[2 * c + e], 1e-5);
      }
    }
  }
}

TEST(TorchScriptModel, GivesTheLikelihoodsThatTheSameNetworkGives) {
  Sde const sde = make_sde("vp");
  std::vector<double> const x{0.3, -0.4, 1, 0.5, -1, 0.1};
  for (auto const& divergence :
       {DivergenceEstimator(divergences::exact{}),
        DivergenceEstimator(divergences::hutchinson{Probes::drawn(4, ProbeLaw::gaussian, 3)}),
        DivergenceEstimator(divergences::hutch_pp{Probes::drawn(4, ProbeLaw::gaussian, 3), 3})}) {
    LikelihoodOptions const options{
        .span = {.from = 0.01, .to = 0.9}, .divergence = divergence, .budget = Budget::none};
    auto const expected = log_likelihood(host_model(network()), sde, "dopri5", x, options);
    auto const found = log_likelihood(host_model(module("mlp")), sde, "dopri5", x, options);
    for (std::size_t i = 0; i < expected.logp.size(); ++i)
      EXPECT_NEAR(found.logp[i], expected.logp[i], 1e-3 * std::abs(expected.logp[i]));
  }
}

TEST(TorchScriptModel, RunsAdaptiveSamplersOnTheHost) {
  Sde const sde = make_sde("vp");
  AdaptiveOptions<double> const options{.samples = 5, .seed = 2};
  auto const expected = adaptive_sample(host_model(network()), "tsit5", sde, {}, options);
  auto const found = adaptive_sample(host_model(module("mlp")), "tsit5", sde, {}, options);
  EXPECT_EQ(found.count(Outcome::done), 5);
  EXPECT_LT(distance(found.x, expected.x), 1e-3);
}

}  // namespace
}  // namespace retrace::test
