// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <nn/support/networks.hpp>

#include <algorithm>
#include <cmath>

namespace retrace {
namespace {

TEST(NetworkFlow, LeadsToTheNoiseAndBack) {  // N22
  Sde const sde = make_sde("vp");
  HostArray<double> data("data", 20, 2);
  for (std::size_t i = 0; i < data.size(); ++i)
    data.data()[i] = 1.4 * std::sin(1 + 1.7 * static_cast<double>(i));
  for (Architecture const& architecture : testing::architectures(2)) {
    SCOPED_TRACE(testing::text(architecture));
    Network const network = random_network(architecture, 3);
    auto const solved = [&](HostArray<double> const& from, Span span, double tolerance) {
      return adaptive_sample<double>(network, "dopri5", sde, span,
                                     {.samples = 20,
                                      .tolerance = {tolerance, tolerance},
                                      .start = given_start<double>(from, 0)})
          .x;
    };
    auto const farthest = [&](double tolerance) {
      auto const noise = solved(data, {1e-3, 1.0}, tolerance);
      auto const again = solved(noise, {1.0, 1e-3}, tolerance);
      double most = 0;
      for (std::size_t i = 0; i < data.size(); ++i)
        most = std::max(most, std::abs(again.data()[i] - data.data()[i]));
      return most;
    };
    // The flow of a network that is no score of anything may stretch what it carries, and at the
    // kinks of relu error estimates err.
    EXPECT_LT(farthest(1e-10), architecture.activation == Activation::relu ? 1e-4 : 1e-6);
    EXPECT_GT(farthest(1e-3), 1e-6);  // the control
  }
}

TEST(NetworkFlow, InFloatFollowsTheSamePath) {  // N23
  Grid const grid = make_grid("log-snr", make_sde("vp"), 12, {1.0, 1e-3});
  for (Architecture const& architecture : testing::architectures(2)) {
    SCOPED_TRACE(testing::text(architecture));
    Network const network = random_network(architecture, 3);
    for (char const* const name : {"euler-maruyama", "ddim", "dpmpp-2m", "edm-heun"}) {
      AnySampler const sampler = make_sampler(name);
      auto const f =
          sample(network, sampler, grid, SampleOptions<float>{.samples = 300, .seed = 1});
      auto const d =
          sample(network, sampler, grid, SampleOptions<double>{.samples = 300, .seed = 1});
      auto const other =
          sample(network, sampler, grid, SampleOptions<double>{.samples = 300, .seed = 2});
      double apart = 0, largest = 0, control = 0;
      for (std::size_t i = 0; i < f.x.size(); ++i) {
        largest = std::max(largest, std::abs(d.x.data()[i]));
        apart = std::max(apart, std::abs(double{f.x.data()[i]} - d.x.data()[i]));
        control = std::max(control, std::abs(other.x.data()[i] - d.x.data()[i]));
      }
      EXPECT_LT(apart, 1e-4 * largest) << name;
      EXPECT_GT(control, 1e-2 * largest) << name;
    }
  }
}

}  // namespace
}  // namespace retrace
