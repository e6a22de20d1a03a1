// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/normal.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>

namespace retrace {
namespace {

[[maybe_unused]] bool valid(DrawKey key) {
  return key.step >= 0 && key.step <= DrawKey::max_step && key.k >= 0 && key.k <= DrawKey::max_k;
}

using P = simd::pack<float, simd::Native>;
using W = simd::traits<P>::words;
constexpr std::size_t width = simd::width<P>;

/// On (0, 1), of two random words.
double uniform_of(simd::Word high, simd::Word low) {
  std::uint64_t const bits = (std::uint64_t{high} << 32 | low) >> 12;  // 52 bits: + 1/2 stays exact
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

}  // namespace

void draw_normals(std::uint64_t seed, std::uint64_t sample, Purpose purpose, DrawKey key,
                  std::span<float> z) {
  auto const dimension = static_cast<std::int64_t>(z.size());
  assert(valid(key) && dimension <= DrawKey::max_dimension);
  DrawBlock const block = DrawBlock::of(purpose, key, dimension);
  PhiloxKeys const keys(seed);
  for (std::int64_t c = 0; c < dimension; c += 4) {
    float four[4];
    four_normals(keys, sample, block.low + static_cast<simd::Word>(c / 4), block.high, four);
    for (std::int64_t j = c; j < dimension && j < c + 4; ++j)
      z[static_cast<std::size_t>(j)] = four[block.first + j - c];
  }
}

void draw_normal_rows(std::uint64_t seed, std::uint64_t first, Purpose purpose, DrawKey key,
                      std::int64_t dimension, std::span<float> z) {
  assert(valid(key) && dimension > 0 && dimension <= DrawKey::max_dimension);
  auto const d = static_cast<std::size_t>(dimension);
  std::size_t const n = z.size() / d;
  DrawBlock const block = DrawBlock::of(purpose, key, dimension);
  auto const offset = static_cast<std::size_t>(block.first);
  PhiloxKeys const keys(seed);
  alignas(64) float four[4][width];
  for (std::size_t row = 0; row < n; row += width)
    for (std::size_t c = 0; c < d; c += 4) {
      P drawn[4];
      four_normals(keys, first + row, block.low + static_cast<simd::Word>(c / 4), block.high,
                   drawn);
      for (std::size_t i = 0; i < 4; ++i) simd::store(four[i], drawn[i]);
      std::size_t const rows = std::min(width, n - row), columns = std::min<std::size_t>(4, d - c);
      for (std::size_t j = 0; j < columns; ++j)
        for (std::size_t i = 0; i < rows; ++i) z[(row + i) * d + c + j] = four[offset + j][i];
    }
}

double draw_uniform(std::uint64_t seed, std::uint64_t sample, Purpose purpose, DrawKey key) {
  assert(valid(key));
  DrawBlock const block = DrawBlock::of(purpose, key, 3);
  simd::Word c0, c1, c2 = block.low, c3 = block.high;
  simd::count_from(sample, c0, c1);
  philox(PhiloxKeys(seed), c0, c1, c2, c3);
  return uniform_of(c0, c1);
}

void draw_uniforms(std::uint64_t seed, std::uint64_t first, Purpose purpose, DrawKey key,
                   std::span<double> u) {
  assert(valid(key));
  DrawBlock const block = DrawBlock::of(purpose, key, 3);
  PhiloxKeys const keys(seed);
  alignas(64) simd::Word high[width], low[width];
  for (std::size_t row = 0; row < u.size(); row += width) {
    W c0, c1, c2 = simd::broadcast<W>(block.low), c3 = simd::broadcast<W>(block.high);
    simd::count_from(first + row, c0, c1);
    philox(keys, c0, c1, c2, c3);
    simd::store(high, c0);
    simd::store(low, c1);
    for (std::size_t i = 0; i < std::min(width, u.size() - row); ++i)
      u[row + i] = uniform_of(high[i], low[i]);
  }
}

}  // namespace retrace
