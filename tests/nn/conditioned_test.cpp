// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/conditioned.hpp>
#include <retrace/nn/host_network.hpp>
#include <retrace/nn/network_source.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <nn/support/networks.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

std::vector<double> some_condition(int m) {
  std::vector<double> y;
  for (int k = 0; k < m; ++k) y.push_back(0.75 - 0.5 * k);
  return y;
}

/// By hand, one number wide.
TEST(HostNetwork, AddsTheConditionToEveryLayerThatSeesIt) {
  Architecture a{.dimension = 1, .width = 1, .depth = 2, .activation = Activation::tanh};
  a.frequencies = 1;
  a.conditions = 2;
  a.scale = OutputScale::learned;
  auto const silent = [](Injection injection) { return injection == Injection::first_layer; };
  for (Injection const injection : {Injection::every_layer, Injection::first_layer}) {
    a.injection = injection;
    Network network(a);
    auto const set = [&](char const* name, std::vector<float> const& values) {
      auto const into = network.tensor(name);
      if (!into.empty()) std::copy(values.begin(), values.end(), into.begin());
    };
    set("freq", {2});
    set("l.0.weight", {0.5F}), set("l.0.bias", {-0.25F}), set("u.0.weight", {1.5F, -0.75F});
    set("c.0.weight", {0.25F, -1}), set("l.1.weight", {-2}), set("l.1.bias", {0.125F});
    set("u.1.weight", {0.25F, 3}), set("c.1.weight", {2, 0.5F});
    set("o.weight", {1.25F}), set("o.bias", {0.0625F}), set("scale", {-3});
    double const t = 0.3, x = 0.7, y[] = {0.5, 0.25}, s = std::sin(4 * std::numbers::pi * t),
                 c = std::cos(4 * std::numbers::pi * t);
    double const h0 = std::tanh(0.5 * x - 0.25 + 1.5 * s - 0.75 * c + 0.25 * y[0] - 1 * y[1]);
    double const more = silent(injection) ? 0 : 0.25 * s + 3 * c + 2 * y[0] + 0.5 * y[1];
    double const h1 = std::tanh(-2 * h0 + 0.125 + more);
    double found = 0;
    HostNetwork(network, y).predict({&x, 1}, make_sde("vp").at(t), {&found, 1});
    EXPECT_NEAR(found, -3 * (1.25 * h1 + 0.0625), 1e-15);
  }
}

TEST(Conditioned, IsTheNetworkAtItsCondition) {
  NoiseLevel const level = make_sde("vp").at(0.35);
  std::vector<double> const x{0.4, -0.9, 1.7};
  for (Architecture const& a : testing::conditional_architectures(3)) {
    SCOPED_TRACE(testing::text(a));
    Network const network = testing::random_scaled_network(a, 11);
    std::vector<double> const y = some_condition(a.conditions), other(y.size());
    Network const folded = conditioned(network, y);
    EXPECT_EQ(folded.architecture().conditions, 0);
    std::vector<double> expected(3), found(3), elsewhere(3);
    double const divergence = HostNetwork(network, y).divergence(x, level, expected);
    EXPECT_NEAR(HostNetwork(folded).divergence(x, level, found), divergence, 1e-6);
    (void)HostNetwork(conditioned(network, other)).divergence(x, level, elsewhere);  // the control
    for (std::size_t c = 0; c < 3; ++c) {
      EXPECT_NEAR(found[c], expected[c], 1e-6);
      EXPECT_GT(std::abs(elsewhere[c] - expected[c]), 1e-4);
    }
  }
}

TEST(Conditioned, IsAskedForWhereNothingSaysTheCondition) {
  Network const network = random_network({.width = 8, .conditions = 3}, 1);
  for (auto const& use : std::vector<std::function<void()>>{[&] { HostNetwork{network}; },
                                                            [&] { NetworkSource{network}; }}) {
    std::string const message = argument_error(use);
    EXPECT_TRUE(contains(message, "conditioned on 3 classes"));
    EXPECT_TRUE(contains(message, "conditioned(network, y)"));
  }
}

TEST(Conditioned, RefusesWhatDoesNotFit) {
  Network const network = random_network({.width = 8, .conditions = 3}, 1);
  auto const refused = [&](std::vector<double> const& y) {
    return argument_error([&] { (void)conditioned(network, y); });
  };
  EXPECT_TRUE(contains(refused({1, 0}), "has 2 numbers; the network takes 3"));
  EXPECT_TRUE(contains(refused({1, std::nan(""), 0}), "not finite"));
  EXPECT_TRUE(contains(
      argument_error([] { (void)conditioned(random_network({.width = 8}, 1), std::vector{1.0}); }),
      "is not conditioned"));
  auto const of_class = [](Architecture a, std::int64_t number) {
    return argument_error([&] { (void)class_condition(a, number); });
  };
  EXPECT_EQ(class_condition(network.architecture(), 1), (std::vector<double>{0, 1, 0}));
  EXPECT_EQ(class_condition(network.architecture(), no_class), (std::vector<double>{0, 0, 0}));
  EXPECT_TRUE(contains(of_class(network.architecture(), 3), "class 3 does not exist"));
  EXPECT_TRUE(contains(of_class(network.architecture(), -2), "classes 0 to 2"));
  EXPECT_TRUE(contains(of_class({}, 0), "knows no classes"));
  EXPECT_TRUE(contains(of_class({.conditions = 3, .condition_kind = ConditionKind::vector}, 0),
                       "conditioned on 3 numbers"));
}

}  // namespace
}  // namespace retrace
