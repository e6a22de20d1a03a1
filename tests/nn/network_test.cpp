// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/host_network.hpp>
#include <retrace/nn/network.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <nn/support/networks.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <limits>
#include <numbers>
#include <set>

namespace retrace {
namespace {

using testing::contains;

std::vector<NamedTensor> tensors_of(Network const& network) {
  std::vector<NamedTensor> tensors;
  for (TensorInfo const& info : network.layout())
    tensors.push_back({info.name, info.shape, network.tensor(info.name)});
  return tensors;
}

std::string file_error(Architecture const& a, std::vector<NamedTensor> const& tensors) {
  try {
    Network const network(a, tensors);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::file) << error.what();
    return error.what();
  }
  return {};
}

TEST(Network, HasTheTensorsOfItsArchitecture) {
  Network const network{Architecture{}};
  std::string found;
  for (TensorInfo const& info : network.layout()) {
    found += info.name;
    for (std::int64_t const size : info.shape) found += " " + std::to_string(size);
    found += ", ";
  }
  EXPECT_EQ(found,
            "freq 32, l.0.weight 128 2, l.0.bias 128, u.0.weight 128 64, l.1.weight 128 128, "
            "l.1.bias 128, u.1.weight 128 64, l.2.weight 128 128, l.2.bias 128, u.2.weight 128 64, "
            "o.weight 2 128, o.bias 2, ");
  EXPECT_EQ(network.values().size(), 32 + 256 + 3 * (128 + 8192) + 2 * 16384 + 258);
}

TEST(Network, IsWhatItsTensorsMakeInAnyOrder) {
  for (Architecture const& a : testing::architectures(3)) {
    SCOPED_TRACE(testing::text(a));
    Network const network = testing::random_scaled_network(a, 5);
    auto tensors = tensors_of(network);
    std::reverse(tensors.begin(), tensors.end());
    Network const same(a, tensors);
    EXPECT_TRUE(std::equal(network.values().begin(), network.values().end(), same.values().begin(),
                           same.values().end()));
  }
}

TEST(Network, RefusesTensorsThatDoNotFitByName) {
  Architecture const a{.dimension = 2, .width = 8, .depth = 2};
  Network const network = testing::random_scaled_network(a, 5);
  auto const tensors = tensors_of(network);
  ASSERT_EQ(file_error(a, tensors), "");
  auto changed = tensors;
  changed.pop_back();
  EXPECT_TRUE(contains(file_error(a, changed), "'o.bias' is missing"));
  changed = tensors;
  changed.push_back(tensors[3]);
  EXPECT_TRUE(contains(file_error(a, changed), "'u.0.weight' is there twice"));
  changed = tensors;
  changed[1].name = "l.9.weight\n";
  EXPECT_TRUE(contains(file_error(a, changed), "no tensor 'l.9.weight\\x0a'"));
  changed = tensors;
  changed[4].shape = {4, 16};
  EXPECT_TRUE(contains(file_error(a, changed), "'l.1.weight' has shape [4, 16]"));
  EXPECT_TRUE(contains(file_error(a, changed), "needs [8, 8]"));
  changed = tensors;
  changed[4].values = changed[4].values.first(63);
  EXPECT_TRUE(contains(file_error(a, changed), "'l.1.weight'"));
  Network bad = network;
  for (float const value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    bad.tensor("u.1.weight")[17] = value;
    EXPECT_TRUE(contains(file_error(a, tensors_of(bad)), "'u.1.weight' has a value that is not"));
    EXPECT_THROW(HostNetwork{bad}, Error);
  }
}

TEST(Network, RefusesArchitecturesThatCannotBe) {
  auto const message = [](Architecture const& a) {
    return testing::argument_error([&] { Network const network(a); });
  };
  EXPECT_TRUE(contains(message({.dimension = 0}), "dimension"));
  EXPECT_TRUE(contains(message({.width = -1}), "width"));
  EXPECT_TRUE(contains(message({.width = 1 << 20}), "width"));
  EXPECT_TRUE(contains(message({.depth = 0}), "depth"));
  EXPECT_TRUE(contains(message({.frequencies = -1}), "frequencies"));
  EXPECT_TRUE(contains(message({.preconditioning = Preconditioning::edm}), "denoise"));
  EXPECT_TRUE(contains(message({.prediction = Prediction::denoised,
                                .preconditioning = Preconditioning::edm,
                                .sigma_data = std::nan("")}),
                       "sigma_data"));
}

TEST(Network, IsRandomAsItsSeedSays) {
  Architecture const a{};
  Network const network = random_network(a, 5), same = random_network(a, 5),
                other = random_network(a, 6);
  auto const equal = [](Network const& one, Network const& two) {
    return std::equal(one.values().begin(), one.values().end(), two.values().begin());
  };
  EXPECT_TRUE(equal(network, same));
  EXPECT_FALSE(equal(network, other));
  for (TensorInfo const& info : network.layout()) {
    if (info.name == "freq") continue;
    auto const values = network.tensor(info.name);
    double const bound = info.name == "l.0.weight" || info.name == "l.0.bias" ? 1 / std::sqrt(2.0)
                         : info.name.starts_with("u")                         ? 0.125
                                                      : 1 / std::sqrt(128.0);
    double largest = 0;
    for (float const value : values) largest = std::max(largest, std::abs(double{value}));
    EXPECT_LE(largest, bound) << info.name;
    EXPECT_GT(largest, (values.size() > 100 ? 0.9 : 0.3) * bound) << info.name;
    EXPECT_EQ(std::set<float>(values.begin(), values.end()).size() > values.size() * 9 / 10, true);
  }
}

TEST(Network, EmbedsTheLevelAsSinesThenCosines) {
  Network network(Architecture{.width = 4, .frequencies = 2});
  network.tensor("freq")[0] = 0.5F;
  network.tensor("freq")[1] = 3.0F;
  auto const e = network.embedding(0.1);
  ASSERT_EQ(e.size(), 4U);
  EXPECT_DOUBLE_EQ(e[0], std::sin(0.1 * std::numbers::pi));
  EXPECT_DOUBLE_EQ(e[1], std::sin(0.6 * std::numbers::pi));
  EXPECT_DOUBLE_EQ(e[2], std::cos(0.1 * std::numbers::pi));
  EXPECT_DOUBLE_EQ(e[3], std::cos(0.6 * std::numbers::pi));
}

TEST(HostNetwork, IsTheFormulaOfTheArchitecture) {  // one unit, by hand
  Network network(Architecture{
      .dimension = 1, .width = 1, .depth = 2, .frequencies = 1, .prediction = Prediction::score});
  auto const set = [&](char const* name, std::size_t i, float value) {
    network.tensor(name)[i] = value;
  };
  set("freq", 0, 2);
  set("l.0.weight", 0, 0.5F), set("l.0.bias", 0, -0.25F);
  set("u.0.weight", 0, 1.5F), set("u.0.weight", 1, -0.75F);
  set("l.1.weight", 0, -2), set("l.1.bias", 0, 0.125F);
  set("u.1.weight", 0, 0.25F), set("u.1.weight", 1, 3);
  set("o.weight", 0, 1.25F), set("o.bias", 0, 0.0625F);
  auto const silu = [](double z) { return z / (1 + std::exp(-z)); };
  double const t = 0.3, x = 0.7, s = std::sin(4 * std::numbers::pi * t),
               c = std::cos(4 * std::numbers::pi * t);
  double const h0 = silu(0.5 * x - 0.25 + 1.5 * s - 0.75 * c);
  double const h1 = silu(-2 * h0 + 0.125 + 0.25 * s + 3 * c);
  double found = 0;
  HostNetwork(network).predict({&x, 1}, make_sde("vp").at(t), {&found, 1});
  EXPECT_NEAR(found, 1.25 * h1 + 0.0625, 1e-15);
}

/// One unit and no level: what the last layer has of the ones before, by hand.
double made_by_units(Skip skip, int depth, double x) {
  Network network(Architecture{.dimension = 1,
                               .width = 1,
                               .depth = depth,
                               .activation = Activation::softplus,
                               .frequencies = 0,
                               .skip = skip});
  for (int i = 0; i < depth; ++i)
    network.tensor("l." + std::to_string(i) + ".weight")[0] = i % 2 == 0 ? 0.5F : -0.75F;
  network.tensor("o.weight")[0] = 1;
  double found = 0;
  HostNetwork(network).predict({&x, 1}, make_sde("vp").at(0.3), {&found, 1});
  return found;
}

TEST(HostNetwork, AddsWhatTheSkipsBring) {
  auto const act = [](double z) { return std::log1p(std::exp(z)); };
  double const x = 0.7, a = act(0.5 * x), b = act(-0.75 * a), c = act(0.5 * b);
  EXPECT_NEAR(made_by_units(Skip::none, 3, x), c, 1e-15);
  double const residual = a + b;
  EXPECT_NEAR(made_by_units(Skip::residual, 3, x), act(0.5 * residual) + residual, 1e-15);
  EXPECT_NEAR(made_by_units(Skip::u_shape, 1, x), a, 1e-15);
  EXPECT_NEAR(made_by_units(Skip::u_shape, 2, x), b + a, 1e-15);
  EXPECT_NEAR(made_by_units(Skip::u_shape, 3, x), c + a, 1e-15);
  double const third = c + b, fourth = act(-0.75 * third) + a;
  EXPECT_NEAR(made_by_units(Skip::u_shape, 4, x), fourth, 1e-15);
  double const up = act(-0.75 * c) + b;
  EXPECT_NEAR(made_by_units(Skip::u_shape, 5, x), act(0.5 * up) + a, 1e-15);
}

TEST(HostNetwork, NormalisesTheFeaturesOfHiddenLayers) {  // two units, by hand
  Network network(Architecture{.dimension = 1,
                               .width = 2,
                               .depth = 1,
                               .activation = Activation::tanh,
                               .frequencies = 0,
                               .norm = Norm::layer});
  auto const set = [&](char const* name, float first, float second) {
    network.tensor(name)[0] = first, network.tensor(name)[1] = second;
  };
  set("l.0.weight", 0.002F, -0.004F), set("l.0.bias", 0.25F, 0.25F);
  set("n.0.weight", 1.5F, -0.5F), set("n.0.bias", 0.125F, 0.75F);
  set("o.weight", 1, 2);
  double const x = 0.7, apart = 0.5 * (double{0.002F} + double{0.004F}) * x;
  double const n = apart / std::sqrt(apart * apart + 1e-5);
  double found = 0;
  HostNetwork(network).predict({&x, 1}, make_sde("vp").at(0.3), {&found, 1});
  EXPECT_NEAR(found, std::tanh(1.5 * n + 0.125) + 2 * std::tanh(0.5 * n + 0.75), 1e-14);
}

TEST(HostNetwork, DenoisesAsEdmSays) {
  Architecture a{.dimension = 2, .width = 8, .prediction = Prediction::denoised};
  a.conditioning = Conditioning::log_sigma;
  Network const inner = testing::random_scaled_network(a, 3);
  a.preconditioning = Preconditioning::edm;
  a.sigma_data = 0.7;
  Network const outer(a, tensors_of(inner));
  for (char const* name : {"edm", "vp"}) {
    NoiseLevel const level = make_sde(name).at(0.4);
    double const rho = level.sigma() / level.alpha(), s = a.sigma_data, r = std::hypot(rho, s);
    std::vector<double> const x{0.3, -1.1};
    std::vector<double> scaled, f(2), found(2);
    for (double const value : x) scaled.push_back(value / level.alpha() / r);
    HostNetwork(inner).predict(scaled, level, f);
    HostNetwork(outer).predict(x, level, found);
    for (std::size_t c = 0; c < 2; ++c)
      EXPECT_NEAR(found[c], s * s / (r * r) * x[c] / level.alpha() + rho * s / r * f[c], 1e-14);
    EXPECT_NEAR(condition(a, level), std::log(rho) / 4, 1e-15);
  }
  std::vector<double> const x(2);
  std::vector<double> out(2);
  EXPECT_THROW(HostNetwork(outer).predict(x, make_sde("rectified-flow").at(1), out), Error);
}

TEST(HostNetwork, HasTheDerivativesOfItsDifferences) {
  NoiseLevel const level = make_sde("vp").at(0.35);
  for (Architecture const& a : testing::architectures(3)) {
    SCOPED_TRACE(testing::text(a));
    HostNetwork const network(testing::random_scaled_network(a, 11));
    std::vector<double> const x{0.4, -0.9, 1.7}, v{1.0, -0.3, 0.6};
    std::vector<double> value(3), along(3), high(3), low(3);
    network.products(x, level, v, value, along);
    double const step = 1e-5;
    std::vector<double> up(x), down(x);
    for (std::size_t c = 0; c < 3; ++c) up[c] += step * v[c], down[c] -= step * v[c];
    network.predict(up, level, high);
    network.predict(down, level, low);
    for (std::size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(along[c], (high[c] - low[c]) / (2 * step), 1e-8);
    std::vector<double> const axes{1, 0, 0, 0, 1, 0, 0, 0, 1};
    std::vector<double> columns(9);
    network.products(x, level, axes, value, columns);
    double const divergence = columns[0] + columns[4] + columns[8];
    for (std::size_t c = 0; c < 3; ++c)
      EXPECT_NEAR(along[c], v[0] * columns[c] + v[1] * columns[3 + c] + v[2] * columns[6 + c],
                  1e-12);
    EXPECT_NEAR(network.divergence(x, level, value), divergence, 1e-12);
    EXPECT_GT(std::abs(divergence), 1e-5);
  }
}

}  // namespace
}  // namespace retrace
