// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/flushed_denormals.hpp>
#include <retrace/nn/host_network.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <nn/support/networks.hpp>
#include <nn/support/tiles.hpp>
#include <support/hash.hpp>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace retrace {
namespace {

using Host = Kokkos::DefaultHostExecutionSpace;
using testing::Ask, testing::on_host_tiles, testing::on_team_tiles;

static_assert(DivergenceTile<NetworkTile<float>, HostLanes<float, simd::Native, 96>>);

template <class T>
std::vector<T> points(int dimension, int n) {
  std::vector<float> z(static_cast<std::size_t>(dimension * n));
  draw_normals(3, 0, Purpose::start, {}, z);
  return {z.begin(), z.end()};
}

std::vector<NoiseLevel> levels() {
  std::vector<NoiseLevel> levels;
  for (double const t : {0.9, 0.05, 0.4}) levels.push_back(make_sde("vp").at(t));
  return levels;
}

template <class T>
auto prepared(Architecture const& a) {
  return NetworkSource(testing::random_scaled_network(a, 7))
      .template prepare<T, 0, Host>(Host{}, levels());
}

/// Errors relative to the largest number of a kind.
class Errors {
 public:
  void add(double found, double expected) {
    largest_ = std::max(largest_, std::abs(expected));
    error_ = std::max(error_, std::abs(found - expected));
  }
  [[nodiscard]] double relative() const { return error_ / largest_; }

 private:
  double largest_ = 0, error_ = 0;
};

template <class T>
void agrees_with_the_host(int dimension, double tolerance) {
  int const n = 70;
  auto const d = static_cast<std::size_t>(dimension);
  for (Architecture const& a : testing::architectures(dimension)) {
    SCOPED_TRACE(testing::text(a));
    HostNetwork const host(testing::random_scaled_network(a, 7));
    auto const network = prepared<T>(a);
    auto const x = points<T>(dimension, n);
    for (int level = 0; level < 3; ++level) {
      Evaluation<T> const e{level, 0, T(0), T(1)};
      auto const plain = on_host_tiles<T, simd::Native, 96>(network.tile, x, e, Ask::prediction);
      auto const found = on_host_tiles<T, simd::Native, 96>(network.tile, x, e, Ask::divergence);
      Errors values, divergences;
      for (std::size_t i = 0; i < std::size_t{n}; ++i) {
        std::vector<double> const point(x.begin() + static_cast<std::ptrdiff_t>(i * d),
                                        x.begin() + static_cast<std::ptrdiff_t>((i + 1) * d));
        std::vector<double> out(d);
        divergences.add(static_cast<double>(found.divergence[i]),
                        host.divergence(point, levels()[static_cast<std::size_t>(level)], out));
        for (std::size_t c = 0; c < d; ++c) {
          values.add(static_cast<double>(found.y[i * d + c]), out[c]);
          values.add(static_cast<double>(plain.y[i * d + c]), out[c]);
        }
      }
      EXPECT_LT(values.relative(), tolerance);
      EXPECT_LT(divergences.relative(), tolerance);
    }
  }
}

TEST(NetworkTile, AgreesWithTheHostInFloat) {
  for (int const d : {1, 2, 3, 4, 5, 9, 20}) agrees_with_the_host<float>(d, 1e-5);
}

TEST(NetworkTile, AgreesWithTheHostInDouble) {
  for (int const d : {1, 2, 3, 4, 5, 9, 20}) agrees_with_the_host<double>(d, 1e-12);
}

TEST(NetworkTile, IsToldFromAnotherNetwork) {  // the control
  Architecture const a{.width = 21};
  auto const x = points<double>(2, 10);
  auto const network = prepared<double>(a);
  HostNetwork const other(testing::random_scaled_network(a, 8));
  auto const y =
      on_host_tiles<double, simd::Native, 16>(network.tile, x, {0, 0, 0.0, 1.0}, Ask::prediction).y;
  std::vector<double> out(2);
  other.predict(std::vector<double>{x[0], x[1]}, levels()[0], out);
  EXPECT_GT(std::abs(y[0] - out[0]), 1e-3);
}

template <class T>
std::uint64_t hash(testing::TileResult<T> const& result) {
  return testing::hash_bytes(result.y.data(), result.y.size()) +
         (result.divergence.empty()
              ? 0
              : 3 * testing::hash_bytes(result.divergence.data(), result.divergence.size()));
}

template <class T>
void same_bits(int dimension) {
  auto const x = points<T>(dimension, 131);
  Evaluation<T> const e{1, 0, T(0.75), T(-1.25)};
  for (Architecture const& a : testing::architectures(dimension)) {
    SCOPED_TRACE(testing::text(a));
    auto const network = prepared<T>(a);
    auto const& tile = network.tile;
    auto const plain = on_host_tiles<T, simd::Native, 96>(tile, x, e, Ask::prediction);
    for (Ask const ask : {Ask::prediction, Ask::divergence}) {
      auto const usual = on_host_tiles<T, simd::Native, 96>(tile, x, e, ask);
      EXPECT_EQ(usual.y, plain.y) << "the divergence changes the prediction";
      std::uint64_t const expected = hash(usual);
      EXPECT_EQ(hash(on_host_tiles<T, simd::Native, 16>(tile, x, e, ask)), expected);
      EXPECT_EQ(hash(on_host_tiles<T, simd::Native, 32>(tile, x, e, ask)), expected);
      EXPECT_EQ(hash(on_host_tiles<T, simd::Native, 64>(tile, x, e, ask)), expected);
      EXPECT_EQ(hash(on_host_tiles<T, simd::Native, 128>(tile, x, e, ask)), expected);
      EXPECT_EQ(hash(on_host_tiles<T, simd::Scalar, 1>(tile, x, e, ask)), expected);
      EXPECT_EQ(hash(on_host_tiles<T, simd::Scalar, 48>(tile, x, e, ask)), expected);
      EXPECT_EQ(hash(on_team_tiles<T, 32>(tile, x, e, ask)), expected);
#if !defined(__CUDACC__) && defined(__AVX512F__)
      EXPECT_EQ(hash(on_host_tiles<T, simd::Avx2, 48>(tile, x, e, ask)), expected);
      EXPECT_EQ(hash(on_host_tiles<T, simd::Avx2, 64>(tile, x, e, ask)), expected);
#endif
    }
  }
}

TEST(NetworkTile, GivesTheSameBitsInTilesAndLanesOfEveryKind) {
  for (int const d : {1, 2, 5, 11}) {
    SCOPED_TRACE(d);
    same_bits<float>(d);
    same_bits<double>(d);
  }
}

/// Samples far out saturate everything; the processor's treatment of denormals must not matter.
TEST(NetworkTile, MakesNoDenormalNumbers) {
  for (Architecture const& a : testing::architectures(2)) {
    SCOPED_TRACE(testing::text(a));
    auto const network = prepared<float>(a);
    auto x = points<float>(2, 500);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] *= static_cast<float>(1 << (i % 14));
    auto const run = [&] {
      return hash(on_host_tiles<float, simd::Native, 96>(network.tile, x, {0, 0, 0.F, 1.F},
                                                         Ask::divergence));
    };
    std::uint64_t const expected = run();
    FlushedDenormals const mode;
    EXPECT_EQ(run(), expected);
  }
}

TEST(NetworkTile, KeepsBadSamplesToThemselves) {
  for (Architecture const& a : testing::architectures(3)) {
    SCOPED_TRACE(testing::text(a));
    auto const network = prepared<float>(a);
    auto const x = points<float>(3, 50);
    Evaluation<float> const e{0, 0, 0.5F, 1.F};
    auto const good = on_host_tiles<float, simd::Native, 96>(network.tile, x, e, Ask::divergence);
    auto bad = x;
    bad[3 * 7 + 1] = std::numeric_limits<float>::quiet_NaN();
    auto const found =
        on_host_tiles<float, simd::Native, 96>(network.tile, bad, e, Ask::divergence);
    for (std::size_t i = 0; i < 50; ++i) {
      bool const is_bad = i == 7;
      EXPECT_EQ(std::isnan(found.y[3 * i]) && std::isnan(found.y[3 * i + 2]), is_bad) << i;
      if (!is_bad) {
        EXPECT_EQ(found.y[3 * i], good.y[3 * i]);
        EXPECT_EQ(found.divergence[i], good.divergence[i]);
      }
    }
  }
}

}  // namespace
}  // namespace retrace
