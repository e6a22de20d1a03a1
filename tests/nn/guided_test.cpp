// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/conditioned.hpp>
#include <retrace/nn/guided.hpp>
#include <retrace/nn/host_network.hpp>
#include <retrace/odeint/host_model.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/grid_rule.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <nn/support/networks.hpp>
#include <support/messages.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

Network some_network() {
  return testing::random_scaled_network({.dimension = 3,
                                         .width = 21,
                                         .depth = 2,
                                         .frequencies = 5,
                                         .conditions = 4,
                                         .scale = OutputScale::learned},
                                        5);
}

/// Ho and Salimans 2022, eq. 6, once more: on the host, as an opaque model.
struct Formula {
  static constexpr Prediction prediction = Prediction::noise;
  HostNetwork conditional, unconditional;
  double weight;

  [[nodiscard]] int dimension() const { return 3; }
  void operator()(Batch<double const> x, NoiseLevel const& level, Batch<double> out) const {
    for (std::size_t i = 0; i < x.extent(0); ++i) {
      std::vector<double> const point{x(i, 0), x(i, 1), x(i, 2)};
      std::vector<double> with(3), without(3);
      conditional.predict(point, level, with);
      unconditional.predict(point, level, without);
      for (std::size_t c = 0; c < 3; ++c) out(i, c) = (1 + weight) * with[c] - weight * without[c];
    }
  }
};

Formula formula(double weight) {
  auto const at = [](std::int64_t number) {
    Network const network = some_network();
    return HostNetwork(conditioned(network, class_condition(network.architecture(), number)));
  };
  return {at(2), at(no_class), weight};
}

double largest_difference(HostArray<double> const& a, HostArray<double> const& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    most = std::max(most, std::abs(a.data()[i] - b.data()[i]));
  return most;
}

TEST(GuidedNetwork, SamplesAsTheFormulaSays) {
  Sde const vp = make_sde("vp");
  SampleOptions<double> const options{.samples = 150, .seed = 1};
  for (char const* name : {"dpmpp-2m", "euler-maruyama"}) {
    SCOPED_TRACE(name);
    AnySampler const sampler = make_sampler(name);
    Grid const grid = make_grid("uniform", vp, 8, {});
    auto const fused = sample<double>(guided(some_network(), 2, 1.5), sampler, grid, options);
    auto const expected = sample<double>(formula(1.5), sampler, grid, options);
    EXPECT_EQ(fused.evaluations, expected.evaluations);  // a pair of forwards counts once
    EXPECT_LT(largest_difference(fused.x, expected.x), 1e-9);
    auto const other = sample<double>(formula(1.4), sampler, grid, options);  // the control
    EXPECT_GT(largest_difference(fused.x, other.x), 1e-3);
  }
}

TEST(GuidedNetwork, OfNoWeightIsTheNetworkAtItsClass) {
  Sde const vp = make_sde("vp");
  Network const network = some_network(),
                plain = conditioned(network, class_condition(network.architecture(), 2));
  SampleOptions<float> const options{.samples = 150, .seed = 1};
  Grid const grid = make_grid("uniform", vp, 8, {});
  AnySampler const sampler = make_sampler("dpmpp-2m");
  auto const led = sample<float>(guided(network, 2, 0), sampler, grid, options),
             alone = sample<float>(plain, sampler, grid, options);
  EXPECT_TRUE(std::equal(led.x.data(), led.x.data() + led.x.size(), alone.x.data()));
  AdaptiveOptions<float> const adaptive{.samples = 150, .seed = 1};
  Span const span{1, 1e-3};
  auto const led_too = adaptive_sample<float>(guided(network, 2, 0), "dopri5", vp, span, adaptive),
             alone_too = adaptive_sample<float>(plain, "dopri5", vp, span, adaptive);
  EXPECT_TRUE(
      std::equal(led_too.x.data(), led_too.x.data() + led_too.x.size(), alone_too.x.data()));
}

/// In kernels and on the host, where Bulirsch-Stoer runs.
TEST(GuidedNetwork, RunsWithStepsThatAdapt) {
  Sde const vp = make_sde("vp");
  AdaptiveOptions<double> const options{
      .samples = 10, .seed = 1, .tolerance = {.rtol = 1e-11, .atol = 1e-11}};
  Span const span{1, 1e-3};
  auto const led = guided(some_network(), 2, 1.5);
  auto const kernels = adaptive_sample<double>(led, "dopri5", vp, span, options);
  auto const host = adaptive_sample<double>(led, "bulirsch-stoer", vp, span, options);
  auto const other =
      adaptive_sample<double>(guided(some_network(), 2, 1.4), "dopri5", vp, span, options);
  EXPECT_LT(largest_difference(kernels.x, host.x), 1e-6);
  EXPECT_GT(largest_difference(kernels.x, other.x), 1e-3);
}

TEST(GuidedNetwork, HasDerivativesOnTheHost) {
  HostModel const model = host_model(guided(some_network(), 2, 1.5));
  NoiseLevel const level = make_sde("vp").at(0.4);
  std::vector<double> const x{0.3, -1, 0.5}, axes{1, 0, 0, 0, 1, 0, 0, 0, 1};
  std::vector<double> out(3), columns(9), high(3), low(3);
  double const divergence = model.divergence(x, level, out);
  model.products(x, level, axes, out, columns);
  double sum = 0, differences = 0;
  for (std::size_t c = 0; c < 3; ++c) {
    std::vector<double> up(x), down(x);
    up[c] += 1e-5, down[c] -= 1e-5;
    model.predict(up, level, high);
    model.predict(down, level, low);
    sum += columns[4 * c];
    differences += (high[c] - low[c]) / 2e-5;
  }
  EXPECT_NEAR(sum, divergence, 1e-12);
  EXPECT_NEAR(differences, divergence, 1e-8);
}

TEST(GuidedNetwork, RefusesWhatCannotBe) {
  auto const refused = [](std::int64_t number, double weight) {
    return argument_error([&] { (void)guided(some_network(), number, weight); });
  };
  EXPECT_TRUE(contains(refused(4, 1), "class 4 does not exist"));
  EXPECT_TRUE(contains(refused(1, -0.5), "weight of guidance is -0.5"));
  EXPECT_TRUE(contains(refused(1, std::nan("")), "weight of guidance"));
}

}  // namespace
}  // namespace retrace
