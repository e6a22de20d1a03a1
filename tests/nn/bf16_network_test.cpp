// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/flushed_denormals.hpp>
#include <retrace/nn/bf16_network.hpp>
#include <retrace/nn/host_network.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <nn/support/networks.hpp>
#include <nn/support/tiles.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace retrace {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
using testing::Ask, testing::on_host_tiles, testing::on_team_tiles;
using Layers = NetworkTile<float, Bf16Layers>;
using Walk = HostLanes<float, simd::Native, 96>;

static_assert(TileModel<Layers, Walk> && !DivergenceTile<Layers, Walk>);

std::vector<float> points(int dimension, int n) {
  std::vector<float> z(static_cast<std::size_t>(dimension * n));
  draw_normals(3, 0, Purpose::start, {}, z);
  return z;
}

NoiseLevel level() { return make_sde("vp").at(0.4); }

auto prepared(Network const& network) {
  return Bf16Network(network).prepare<float, 0, Host>(Host{}, std::vector{level()});
}

std::vector<float> evaluated(Network const& network, std::vector<float> const& x) {
  auto const kernel = prepared(network);
  return on_host_tiles<float, simd::Native, 96>(kernel.tile, x, {0, 0, 0.F, 1.F}, Ask::prediction)
      .y;
}

/// Root mean squares of errors and of what is right.
class Errors {
 public:
  void add(double found, double expected) {
    errors_ += (found - expected) * (found - expected);
    squares_ += expected * expected;
  }
  [[nodiscard]] double relative() const { return std::sqrt(errors_ / squares_); }

 private:
  double errors_ = 0, squares_ = 0;
};

TEST(Bf16Network, PredictsToTwoOrThreeDigits) {
  for (int const d : {1, 2, 3, 20})
    for (Architecture const& a : testing::architectures(d)) {
      SCOPED_TRACE(testing::text(a));
      Network const network = testing::random_scaled_network(a, 7);
      HostNetwork const host(network);
      auto const x = points(d, 70);
      auto const y = evaluated(network, x);
      Errors errors;
      std::vector<double> out(static_cast<std::size_t>(d));
      for (std::size_t i = 0; i < x.size(); i += out.size()) {
        host.predict(std::vector<double>(&x[i], &x[i] + d), level(), out);
        for (std::size_t c = 0; c < out.size(); ++c) errors.add(double(y[i + c]), out[c]);
      }
      EXPECT_LT(errors.relative(), 0.03);  // of 13 features; 3e-3 is usual
      // What is rounded lies between hidden layers.
      if (a.depth == 1)
        EXPECT_LT(errors.relative(), 1e-6);
      else
        EXPECT_GT(errors.relative(), 1e-5) << "it did not round";
    }
}

/// To eight binary digits.
double rounded(double a) {
  int exponent = 0;
  std::frexp(a, &exponent);
  double const unit = std::ldexp(1.0, exponent - 8);
  return std::nearbyint(a / unit) * unit;
}

/// Plain loops in double with rounded weights and states: an activation whose constants do not go
/// into the weights.
std::vector<double> with_rounding(Network const& network, std::vector<double> h) {
  Architecture const& a = network.architecture();
  auto const product = [&](std::string const& layer, bool rounds) {
    auto const weight = network.tensor(layer + ".weight"), bias = network.tensor(layer + ".bias");
    std::vector<double> sums(bias.begin(), bias.end());
    for (std::size_t o = 0; o < sums.size(); ++o)
      for (std::size_t k = 0; k < h.size(); ++k) {
        auto const w = static_cast<double>(weight[o * h.size() + k]);
        sums[o] += rounds ? rounded(w) * rounded(h[k]) : w * h[k];
      }
    return sums;
  };
  std::vector<std::vector<double>> states;
  for (int i = 0; i < a.depth; ++i) {
    auto next = product("l." + std::to_string(i), i > 0);
    for (std::size_t o = 0; o < next.size(); ++o) {
      next[o] *= 0.5 * std::erfc(-next[o] / std::sqrt(2.0));
      if (int const from = skip_source(a.skip, a.depth, i); from >= 0)
        next[o] += rounded(states[std::size_t(from)][o]);
    }
    states.push_back(h = next);
  }
  return product("o", false);
}

TEST(Bf16Network, RoundsWeightsAndStatesBetweenHiddenLayersAndNothingElse) {
  for (auto const& [name, skip] : names<Skip>()) {
    SCOPED_TRACE(name);
    Network const network = random_network({.dimension = 3,
                                            .width = 61,
                                            .activation = Activation::gelu,
                                            .frequencies = 0,
                                            .skip = skip},
                                           7);
    HostNetwork const host(network);
    auto const x = points(3, 200);
    auto const y = evaluated(network, x);
    Errors of_formula, of_exact;
    std::vector<double> exact(3);
    for (std::size_t i = 0; i < x.size(); i += 3) {
      std::vector<double> const point(&x[i], &x[i] + 3);
      auto const expected = with_rounding(network, point);
      host.predict(point, level(), exact);
      for (std::size_t c = 0; c < 3; ++c) {
        of_formula.add(double(y[i + c]), expected[c]);
        of_exact.add(double(y[i + c]), exact[c]);
      }
    }
    // A state next to the middle of two numbers may be rounded to either.
    EXPECT_LT(of_formula.relative(), 0.1 * of_exact.relative());
    EXPECT_GT(of_exact.relative(), 1e-4);
  }
}

TEST(Bf16Network, GivesTheSameBitsInTilesAndLanesOfEveryKind) {
  for (int const d : {1, 2, 5})
    for (Architecture const& a : testing::architectures(d)) {
      SCOPED_TRACE(testing::text(a));
      auto const kernel = prepared(testing::random_scaled_network(a, 7));
      auto x = points(d, 131);
      for (std::size_t i = 0; i < x.size(); i += 17) x[i] *= static_cast<float>(1 << (i % 14));
      Evaluation<float> const e{0, 0, 0.75F, -1.25F};
      auto const on = [&]<class Isa, int L>(Isa, std::integral_constant<int, L>) {
        return on_host_tiles<float, Isa, L>(kernel.tile, x, e, Ask::prediction).y;
      };
      auto const expected = on(simd::Native{}, std::integral_constant<int, 96>{});
      EXPECT_EQ(on(simd::Native{}, std::integral_constant<int, 16>{}), expected);
      EXPECT_EQ(on(simd::Native{}, std::integral_constant<int, 128>{}), expected);
      EXPECT_EQ(on(simd::Scalar{}, std::integral_constant<int, 48>{}), expected);
      EXPECT_EQ((on_team_tiles<float, 32>(kernel.tile, x, e, Ask::prediction).y), expected);
#if !defined(__CUDACC__) && defined(__AVX2__) && defined(__FMA__)
      EXPECT_EQ(on(simd::Avx2{}, std::integral_constant<int, 64>{}), expected);
#endif
      FlushedDenormals const mode;  // it must not matter
      EXPECT_EQ(on(simd::Native{}, std::integral_constant<int, 96>{}), expected);
      EXPECT_EQ(on(simd::Scalar{}, std::integral_constant<int, 48>{}), expected);
    }
}

TEST(Bf16Network, KeepsBadSamplesToThemselves) {
  for (Architecture const& a : testing::architectures(3)) {
    SCOPED_TRACE(testing::text(a));
    Network const network = testing::random_scaled_network(a, 7);
    auto const x = points(3, 50);
    auto const good = evaluated(network, x);
    auto bad = x;
    // With bits that carry into the sign when they are rounded as if they were a number.
    bad[3 * 7 + 1] = simd::from_bits(0x7fffffff);
    auto const found = evaluated(network, bad);
    for (std::size_t i = 0; i < found.size(); ++i)
      if (i / 3 == 7)
        EXPECT_TRUE(std::isnan(found[i]));
      else
        EXPECT_EQ(found[i], good[i]);
  }
}

}  // namespace
}  // namespace retrace
