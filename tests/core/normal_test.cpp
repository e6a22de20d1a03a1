// SPDX-License-Identifier: Apache-2.0
#include "floating_point_modes.hpp"
#include "philox_reference.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/core/flushed_denormals.hpp>
#include <retrace/core/normal.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <vector>

namespace retrace {
namespace {

/// Two-sided normal quantile at 1e-6, the level of every statistical check here.
constexpr double z_level = 4.892;

using Lanes = simd::pack<float, simd::Native>;

/// 4 `samples` normals, by the widest lanes of this build; `samples` is a multiple of 16.
[[gnu::noinline]] std::vector<float> normals(std::uint64_t seed, std::int64_t samples) {
  constexpr int width = simd::width<Lanes>;
  PhiloxKeys const keys(seed);
  std::vector<float> out;
  out.reserve(static_cast<std::size_t>(4 * samples));
  for (std::int64_t s = 0; s < samples; s += width) {
    Lanes z[4];
    four_normals(keys, static_cast<std::uint64_t>(s), 0, 0, z);
    for (Lanes const& lanes : z) {
      alignas(64) float lane[width];
      simd::store(lane, lanes);
      out.insert(out.end(), lane, lane + width);
    }
  }
  return out;
}

/// (mean of z^k - E z^k) in standard errors, k = 1 to 8. E z^(2 j) = (2 j - 1)!!.
std::array<double, 8> z_of_moments(std::vector<float> const& sample, double scale) {
  double sum[8] = {};
  for (float const v : sample) {
    double const z = static_cast<double>(v) * scale;
    double power = 1;
    for (double& s : sum) s += power *= z;
  }
  auto expected = [](int k) {
    double value = k % 2 == 0 ? 1 : 0;
    for (int j = 1; j < k; j += 2) value *= j;
    return value;
  };
  auto const n = static_cast<double>(sample.size());
  std::array<double, 8> z{};
  for (int k = 1; k <= 8; ++k) {
    double const variance = expected(2 * k) - expected(k) * expected(k);
    z[static_cast<std::size_t>(k - 1)] = (sum[k - 1] / n - expected(k)) / std::sqrt(variance / n);
  }
  return z;
}

/// Kolmogorov's distance sqrt(n) sup |F_n - Phi| over the edges of bins; over all z it is larger,
/// so that its quantile is a safe bound.
double kolmogorov(std::vector<float> const& sample, double scale) {
  constexpr int per_unit = 1024, end = 8;
  std::vector<std::int64_t> count(2 * end * per_unit + 1);
  for (float const v : sample) {
    double const z = std::clamp(static_cast<double>(v) * scale, -1.0 * end, 1.0 * end);
    ++count[static_cast<std::size_t>((z + end) * per_unit)];
  }
  auto const n = static_cast<double>(sample.size());
  double below = 0, distance = 0;
  for (std::size_t bin = 0; bin < count.size(); ++bin) {
    double const edge = static_cast<double>(bin) / per_unit - end;
    distance = std::max(distance, std::abs(below / n - std::erfc(-edge / std::numbers::sqrt2) / 2));
    below += static_cast<double>(count[bin]);
  }
  return std::sqrt(n) * distance;
}

/// Quantile of Kolmogorov's distribution: 2 exp(-2 x^2) = 1e-6.
double const kolmogorov_level = std::sqrt(std::log(2e6) / 2);

class TenMillionNormals : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { sample_ = normals(20260, 2500000); }
  static void TearDownTestSuite() { sample_ = {}; }
  inline static std::vector<float> sample_;
};

TEST_F(TenMillionNormals, HaveTheMomentsOfANormal) {
  for (double const z : z_of_moments(sample_, 1)) EXPECT_LE(std::abs(z), z_level);
}

TEST_F(TenMillionNormals, HaveTheDistributionOfANormal) {
  EXPECT_LE(kolmogorov(sample_, 1), kolmogorov_level);
}

TEST_F(TenMillionNormals, AreToldFromAScaleThatIsHalfAPercentOff) {
  auto const z = z_of_moments(sample_, 1.005);
  EXPECT_GT(z[1], z_level) << "second moment";
  EXPECT_GT(z[3], z_level) << "fourth moment";
  EXPECT_GT(kolmogorov(sample_, 1.005), kolmogorov_level);
}

TEST_F(TenMillionNormals, AreAllFinite) {
  EXPECT_EQ(
      std::count_if(sample_.begin(), sample_.end(), [](float z) { return !std::isfinite(z); }), 0);
}

/// Not inlined: the processor's modes are set around it.
[[gnu::noinline]] std::array<float, 2> pair_of(simd::Word w0, simd::Word w1) {
  std::array<float, 2> z{};
  box_muller<float>(w0, w1, z[0], z[1]);
  return z;
}

TEST(BoxMuller, ReachesFarIntoTheTails) {
  // The smallest first word and each axis. Recorded: sqrt(66 log 2) in float.
  float const largest = pair_of(0, 0)[0];
  EXPECT_EQ(largest, 0x1.b0e08ep+2f);
  EXPECT_NEAR(static_cast<double>(largest), std::sqrt(66 * std::numbers::ln2), 1e-6);
  EXPECT_GE(largest, 6.6f);
  for (simd::Word const quarter : {1U, 2U, 3U}) {
    auto const z = pair_of(0, quarter << 30);
    EXPECT_EQ(std::max(std::abs(z[0]), std::abs(z[1])), largest);
  }
}

TEST(BoxMuller, IsFiniteAtBothEndsOfTheFirstWord) {
  for (simd::Word i = 0; i < 100000; ++i)
    for (simd::Word const first : {i, ~i}) {
      auto const z = pair_of(first, 0x20000000);
      auto const exact = testing::box_muller_reference(first, 0x20000000);
      ASSERT_NEAR(static_cast<double>(z[0]), exact[0], 1e-6) << first;
      ASSERT_NEAR(static_cast<double>(z[1]), exact[1], 1e-6) << first;
    }
  EXPECT_EQ(pair_of(0xffffffff, 0), (std::array<float, 2>{0, 0}));
}

TEST(BoxMuller, IsFiniteNextToOneWhereACallerRoundsUpward) {
  // There u exceeds 1 and its logarithm 0.
  testing::RoundingUpward const upward;
  for (simd::Word i = 0; i < 1000; ++i) {
    auto const z = pair_of(~i, 0x20000000);
    ASSERT_TRUE(std::isfinite(z[0]) && std::isfinite(z[1])) << i;
  }
}

/// What names a number.
struct Name {
  std::uint64_t seed = 1;
  std::uint64_t sample = 0;
  Purpose purpose = Purpose::step;
  std::int64_t step = 0;
  std::int32_t k = 0;
};

/// One component of the draws of 40000 samples from name.sample on.
std::vector<double> component_of(Name const& name, std::size_t dimension, std::size_t component) {
  std::vector<double> out(40000);
  std::array<float, 8> z{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    draw_normals(name.seed, name.sample + i, name.purpose, {name.step, name.k},
                 {z.data(), dimension});
    out[i] = static_cast<double>(z[component]);
  }
  return out;
}

/// The correlation of standard normals, in standard errors.
double z_of_correlation(std::vector<double> const& a, std::vector<double> const& b) {
  double const sum = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  return sum / std::sqrt(static_cast<double>(a.size()));
}

/// The same for (z^2 - 1) / sqrt(2), which finds common radii.
double z_of_squares(std::vector<double> a, std::vector<double> b) {
  auto const square = [](double z) { return (z * z - 1) / std::numbers::sqrt2; };
  std::transform(a.begin(), a.end(), a.begin(), square);
  std::transform(b.begin(), b.end(), b.begin(), square);
  return z_of_correlation(a, b);
}

TEST(Normals, OfNeighboursAreUncorrelated) {
  constexpr std::uint64_t high = std::uint64_t{1} << 32;
  Name const neighbours[] = {
      {.seed = 2}, {.seed = 1 + high}, {.sample = 1}, {.sample = high},
      {.step = 1}, {.step = 4},        {.k = 1},      {.purpose = Purpose::path}};
  for (std::size_t const dimension : {1U, 2U, 3U}) {
    std::vector<double> const first = component_of({}, dimension, 0);
    for (Name const& name : neighbours) {
      std::vector<double> const second = component_of(name, dimension, 0);
      EXPECT_LE(std::abs(z_of_correlation(first, second)), z_level) << &name - neighbours;
      EXPECT_LE(std::abs(z_of_squares(first, second)), z_level) << &name - neighbours;
    }
  }
}

TEST(Normals, OfOneDrawAreUncorrelated) {
  std::vector<double> const first = component_of({}, 8, 0);
  for (std::size_t component = 1; component < 8; ++component) {
    std::vector<double> const second = component_of({}, 8, component);
    EXPECT_LE(std::abs(z_of_correlation(first, second)), z_level) << component;
    EXPECT_LE(std::abs(z_of_squares(first, second)), z_level) << component;
  }
}

TEST(Normals, ThatAreSlightlyCorrelatedAreFound) {
  std::vector<double> const first = component_of({}, 3, 0);
  std::vector<double> second = component_of({}, 3, 1), turned = first;
  for (std::size_t i = 0; i < first.size(); ++i) {
    second[i] = 0.05 * first[i] + std::sqrt(1 - 0.05 * 0.05) * second[i];
    if (i % 2 == 0) turned[i] = -first[i];
  }
  EXPECT_GT(z_of_correlation(first, second), z_level);
  EXPECT_LE(std::abs(z_of_correlation(first, turned)), z_level);
  EXPECT_GT(z_of_squares(first, turned), z_level);
}

TEST(Normals, HaveTheSameBitsWhereACallerFlushesDenormals) {
  if (!FlushedDenormals::possible) GTEST_SKIP() << "this processor has another switch";
  std::vector<float> const plain = normals(3, 100000);
  FlushedDenormals const flushed;
  EXPECT_EQ(normals(3, 100000), plain);
}

TEST(Normals, AreWithinToleranceWhereACallerRoundsUpward) {
  std::vector<float> const plain = normals(3, 100000);
  auto const upward = [] {
    testing::RoundingUpward const mode;
    return normals(3, 100000);
  }();
  EXPECT_NE(upward, plain);
  // u is off by its last bit: nothing in the tails, but next to u = 1 the radius goes as its root.
  for (std::size_t i = 0; i < plain.size(); ++i)
    ASSERT_NEAR(upward[i], plain[i], std::abs(plain[i]) > 1 ? 2e-6f : 5e-4f) << i;
}

}  // namespace
}  // namespace retrace
