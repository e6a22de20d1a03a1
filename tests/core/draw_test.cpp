// SPDX-License-Identifier: Apache-2.0
#include "philox_reference.hpp"

#include <retrace/core/draw.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <random>
#include <set>
#include <tuple>
#include <vector>

namespace retrace {
namespace {

std::vector<float> normals(std::uint64_t seed, std::uint64_t sample, Purpose purpose, DrawKey key,
                           std::size_t dimension) {
  std::vector<float> z(dimension);
  draw_normals(seed, sample, purpose, key, z);
  return z;
}

struct KnownNormals {
  std::uint64_t seed, sample;
  Purpose purpose;
  DrawKey key;
  std::vector<float> z;
};

// Every stored result hangs on these numbers: a change here is a new major version.
KnownNormals const known_normals[] = {
    {0, 0, Purpose::start, {0, 0}, {0x1.fb7662p-1f}},
    {0, 0, Purpose::start, {0, 0}, {0x1.fb7662p-1f, -0x1.d96d6p-1f}},
    {0, 0, Purpose::start, {0, 0}, {0x1.fb7662p-1f, -0x1.d96d6p-1f, -0x1.3c373ep-1f}},
    {0,
     0,
     Purpose::start,
     {0, 0},
     {0x1.fb7662p-1f, -0x1.d96d6p-1f, -0x1.3c373ep-1f, -0x1.eda364p-2f, 0x1.114d96p+0f}},
    {1, 7, Purpose::step, {6, 0}, {-0x1.2c516p-5f}},
    {1, 7, Purpose::step, {6, 0}, {-0x1.ced104p-3f, 0x1.ec055ep-1f}},
    {1, 7, Purpose::step, {7, 0}, {-0x1.1d499ep+0f, 0x1.37c0c8p+0f}},
    {1, 7, Purpose::step, {6, 2}, {-0x1.0d945cp+0f, -0x1.3af612p+0f, -0x1.78a998p-2f}},
    {0x123456789abcdef0U, 0x100000005U, Purpose::path, {67108863, 1023}, {0x1.52604p+0f}},
    {0x123456789abcdef0U,
     0x100000005U,
     Purpose::path,
     {67108863, 1023},
     {-0x1.683222p-1f, -0x1.808b4p-1f}},
    {0x123456789abcdef0U,
     0x100000005U,
     Purpose::path,
     {67108863, 1023},
     {-0x1.68d054p+0f, -0x1.928b2cp-1f, -0x1.0d009p-1f, -0x1.6661eep-2f, 0x1.736c9p-1f}},
    {0xffffffffffffffffU,
     0xffffffffffffffffU,
     Purpose::probe,
     {50000000, 1},
     {-0x1.7dddd8p-1f, 0x1.f71a6ep-2f, 0x1.9815acp+0f}},
    {42,
     0x2540be400U,
     Purpose::data,
     {1000, 3},
     {0x1.3305bep-2f, 0x1.90c516p-2f, -0x1.2d73a6p+1f, 0x1.9455b4p+0f, -0x1.11e9ep-2f}},
    {42, 3, Purpose::train, {4, 0}, {0x1.49539p-1f, -0x1.03c286p-1f, -0x1.1fd218p-1f}},
    {42, 3, Purpose::dequantise, {4, 0}, {-0x1.d0e5ep+0f, -0x1.07b67ap+0f, -0x1.cbe586p+0f}},
};

TEST(DrawNormals, AreFrozen) {
  for (KnownNormals const& known : known_normals)
    EXPECT_EQ(normals(known.seed, known.sample, known.purpose, known.key, known.z.size()), known.z)
        << "seed " << known.seed << ", sample " << known.sample << ", step " << known.key.step;
}

/// Normal number `component` of a draw, by the layout as draw.hpp states it.
double normal_by_the_statement(std::uint64_t seed, std::uint64_t sample, Purpose purpose,
                               DrawKey key, std::int64_t dimension, std::int64_t component) {
  auto const step = static_cast<std::uint64_t>(key.step);
  auto const c = static_cast<std::uint64_t>(component);
  std::uint64_t group = step, number = c % 4;
  if (dimension == 1) group = step / 4, number = step % 4;
  if (dimension == 2) group = step / 2, number = 2 * (step % 2) + c;
  std::uint64_t const block =
      c / 4 + static_cast<std::uint64_t>(key.k) * (1U << 20) + group * (std::uint64_t{1} << 30);
  std::uint64_t const upper =
      block + static_cast<std::uint64_t>(purpose) * (std::uint64_t{1} << 56);
  testing::Counter const counter = {
      static_cast<std::uint32_t>(sample), static_cast<std::uint32_t>(sample >> 32),
      static_cast<std::uint32_t>(upper), static_cast<std::uint32_t>(upper >> 32)};
  return testing::normals_reference(counter, seed)[number];
}

constexpr Purpose purposes[] = {Purpose::start,      Purpose::step,       Purpose::path,
                                Purpose::probe,      Purpose::data,       Purpose::train,
                                Purpose::dequantise, Purpose::score_error};

/// Keys over the whole range, its ends among them.
class Keys {
 public:
  std::uint64_t bits() { return engine_(); }
  std::int64_t below(std::int64_t end) {
    std::uint64_t const word = engine_();
    if (word % 16 == 0) return 0;
    if (word % 16 == 1) return end - 1;
    return static_cast<std::int64_t>((word >> 4) % static_cast<std::uint64_t>(end));
  }
  DrawKey key() {
    return {below(DrawKey::max_step + 1), static_cast<std::int32_t>(below(DrawKey::max_k + 1))};
  }
  Purpose purpose() { return purposes[below(std::size(purposes))]; }

 private:
  std::mt19937_64 engine_{7};
};

TEST(DrawNormals, FollowTheStatedLayoutAndThePapers) {
  Keys any;
  for (int i = 0; i < 20000; ++i) {
    std::int64_t const dimension = 1 + i % 9;
    std::uint64_t const seed = any.bits(), sample = any.bits() >> (i % 2 * 40);
    Purpose const purpose = any.purpose();
    DrawKey const key = any.key();
    std::vector<float> const z =
        normals(seed, sample, purpose, key, static_cast<std::size_t>(dimension));
    for (std::int64_t c = 0; c < dimension; ++c)
      ASSERT_NEAR(static_cast<double>(z[static_cast<std::size_t>(c)]),
                  normal_by_the_statement(seed, sample, purpose, key, dimension, c), 1e-6)
          << "dimension " << dimension << ", step " << key.step << ", k " << key.k;
  }
}

TEST(DrawNormals, FillTheLargestDimension) {
  auto const largest = static_cast<std::size_t>(DrawKey::max_dimension);
  DrawKey const key{DrawKey::max_step, DrawKey::max_k};
  std::vector<float> const z = normals(5, 1, Purpose::dequantise, key, largest);
  for (std::size_t c : {std::size_t{0}, largest / 2 + 1, largest - 1})
    EXPECT_NEAR(static_cast<double>(z[c]),
                normal_by_the_statement(5, 1, Purpose::dequantise, key, DrawKey::max_dimension,
                                        static_cast<std::int64_t>(c)),
                1e-6);
}

TEST(DrawNormals, StartWithThoseOfFewerDimensionsFromThreeOn) {
  DrawKey const key{12345, 6};
  std::vector<float> const most = normals(1, 2, Purpose::step, key, 17);
  for (std::size_t d = 3; d < 17; ++d) {
    auto const size = static_cast<std::ptrdiff_t>(d);
    EXPECT_EQ(normals(1, 2, Purpose::step, key, d),
              std::vector<float>(most.begin(), most.begin() + size));
  }
  // In one and two dimensions neighbouring steps share blocks, so nothing of the kind holds.
  EXPECT_NE(normals(1, 2, Purpose::step, key, 1)[0], most[0]);
  EXPECT_NE(normals(1, 2, Purpose::step, key, 2)[0], most[0]);
}

TEST(DrawNormals, OfNeighbouringStepsShareBlocksInLowDimension) {
  for (std::int64_t const group : {std::int64_t{0}, std::int64_t{41}, DrawKey::max_step / 4}) {
    std::vector<float> const block = normals(9, 8, Purpose::path, {group, 3}, 4);
    for (std::int64_t s = 0; s < 4; ++s)
      EXPECT_EQ(normals(9, 8, Purpose::path, {4 * group + s, 3}, 1)[0],
                block[static_cast<std::size_t>(s)]);
    EXPECT_EQ(normals(9, 8, Purpose::path, {2 * group, 3}, 2),
              std::vector<float>(block.begin(), block.begin() + 2));
    EXPECT_EQ(normals(9, 8, Purpose::path, {2 * group + 1, 3}, 2),
              std::vector<float>(block.begin() + 2, block.end()));
  }
}

/// Where one normal lies: upper half of the counter, and which of the four.
struct Place {
  std::uint64_t upper;
  int number;
};

Place place_of(Purpose purpose, DrawKey key, std::int64_t dimension, std::int64_t component) {
  DrawBlock const block = DrawBlock::of(purpose, key, dimension);
  std::uint32_t const low = block.low + static_cast<std::uint32_t>(component / 4);
  return {std::uint64_t{block.high} << 32 | low, block.first + static_cast<int>(component % 4)};
}

/// Purpose, step, k and component.
using Draw = std::tuple<Purpose, std::int64_t, std::int64_t, std::int64_t>;

/// The one draw that can lie there: where it gives back what was placed, no two draws of a
/// dimension can meet.
Draw draw_at(Place const& place, std::int64_t dimension) {
  std::int64_t const shared = dimension == 1 ? 4 : dimension == 2 ? 2 : 1;
  std::int64_t const of_a_step = 4 / shared;  // normals
  auto const field = [&](int from, int bits) {
    return static_cast<std::int64_t>(place.upper >> from & ((std::uint64_t{1} << bits) - 1));
  };
  return {static_cast<Purpose>(field(56, 8)), field(30, 26) * shared + place.number / of_a_step,
          field(20, 10), field(0, 20) * 4 + place.number % of_a_step};
}

TEST(DrawNormals, ComeManyAtOnceAsOneByOne) {
  for (std::int64_t const dimension : {1, 2, 3, 7})
    for (std::int64_t const step : {0, 1, 2, 3}) {
      DrawKey const key{.step = step, .k = 2};
      std::uint64_t const first = (std::uint64_t{1} << 32) - 5;  // the counter carries
      std::vector<float> rows(37 * std::size_t(dimension));
      draw_normal_rows(3, first, Purpose::train, key, dimension, rows);
      for (std::size_t row = 0; row < 37; ++row) {
        auto const one = normals(3, first + row, Purpose::train, key, std::size_t(dimension));
        for (std::size_t c = 0; c < one.size(); ++c)
          EXPECT_EQ(rows[row * one.size() + c], one[c]) << dimension << " " << step << " " << row;
      }
    }
}

TEST(DrawBlock, HasAPlaceOfItsOwnForEveryNormal) {
  Keys any;
  for (std::int64_t const dimension : {std::int64_t{1}, std::int64_t{2}, std::int64_t{3},
                                       std::int64_t{4}, std::int64_t{50}, DrawKey::max_dimension})
    for (int i = 0; i < 200000; ++i) {
      Purpose const purpose = any.purpose();
      DrawKey const key = any.key();
      std::int64_t const component = any.below(dimension);
      Place const place = place_of(purpose, key, dimension, component);
      ASSERT_TRUE(place.number >= 0 && place.number < 4);
      ASSERT_EQ(draw_at(place, dimension), Draw(purpose, key.step, key.k, component))
          << "dimension " << dimension;
    }
}

TEST(DrawBlock, KeepsPurposesInAByteOfTheirOwn) {
  Keys any;
  std::set<int> bytes;
  for (Purpose const purpose : purposes) {
    bytes.insert(static_cast<int>(purpose));
    for (std::int64_t const dimension : {1, 2, 3, 100})
      for (int i = 0; i < 1000; ++i)
        ASSERT_EQ(DrawBlock::of(purpose, any.key(), dimension).high >> 24,
                  static_cast<unsigned>(purpose));
  }
  EXPECT_EQ(bytes, (std::set<int>{0, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(DrawUniform, IsFrozen) {
  EXPECT_EQ(draw_uniform(0, 0, Purpose::start, {0, 0}), 0x1.989fa35785a72p-2);
  EXPECT_EQ(draw_uniform(42, 0x2540be400U, Purpose::data, {1000, 3}), 0x1.c56806024abb1p-1);
  EXPECT_EQ(
      draw_uniform(0xffffffffffffffffU, 0xffffffffffffffffU, Purpose::dequantise, {67108863, 1023}),
      0x1.973be2288a1abp-1);
}

TEST(DrawUniform, IsTheUpper52BitsOfTwoWords) {
  Keys any;
  for (int i = 0; i < 20000; ++i) {
    std::uint64_t const seed = any.bits(), sample = any.bits();
    Purpose const purpose = any.purpose();
    DrawKey const key = any.key();
    Place const place = place_of(purpose, key, 3, 0);
    testing::Counter const words = testing::philox_reference(
        {static_cast<std::uint32_t>(sample), static_cast<std::uint32_t>(sample >> 32),
         static_cast<std::uint32_t>(place.upper), static_cast<std::uint32_t>(place.upper >> 32)},
        seed);
    double const fine = words[1] / 4096;  // 20 of its bits
    double const u = draw_uniform(seed, sample, purpose, key);
    ASSERT_EQ(u, (words[0] + (fine + 0.5) * 0x1p-20) * 0x1p-32);
    ASSERT_TRUE(u > 0 && u < 1);
  }
}

/// (mean of u^k - 1 / (k + 1)) in standard errors, for u spread by `scale` from 0.
double z_of_mean_power(int k, double scale) {
  constexpr int n = 1000000;
  double sum = 0;
  for (int i = 0; i < n; ++i)
    sum += std::pow(draw_uniform(4, static_cast<std::uint64_t>(i), Purpose::data, {}) * scale, k);
  double const mean = 1.0 / (k + 1), variance = 1.0 / (2 * k + 1) - mean * mean;
  return (sum / n - mean) / std::sqrt(variance / n);
}

TEST(DrawUniform, ComeManyAtOnceAsOneByOne) {
  std::vector<double> many(37);
  draw_uniforms(3, 1000, Purpose::train, {.step = 9, .k = 1}, many);
  for (std::size_t i = 0; i < many.size(); ++i)
    EXPECT_EQ(many[i], draw_uniform(3, 1000 + i, Purpose::train, {.step = 9, .k = 1}));
}

TEST(DrawUniform, HasTheMomentsOfAUniformNumber) {
  constexpr double z_level = 4.892;  // two-sided, 1e-6
  for (int const k : {1, 2, 3, 4}) EXPECT_LE(std::abs(z_of_mean_power(k, 1)), z_level) << k;
  EXPECT_GT(z_of_mean_power(2, 1.005), z_level) << "negative control";
}

}  // namespace
}  // namespace retrace
