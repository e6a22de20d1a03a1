// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/core/normal.hpp>

#include <cassert>

namespace retrace {
namespace {

[[maybe_unused]] bool valid(DrawKey key) {
  return key.step >= 0 && key.step <= DrawKey::max_step && key.k >= 0 && key.k <= DrawKey::max_k;
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

double draw_uniform(std::uint64_t seed, std::uint64_t sample, Purpose purpose, DrawKey key) {
  assert(valid(key));
  DrawBlock const block = DrawBlock::of(purpose, key, 3);
  simd::Word c0, c1, c2 = block.low, c3 = block.high;
  simd::count_from(sample, c0, c1);
  philox(PhiloxKeys(seed), c0, c1, c2, c3);
  std::uint64_t const bits = (std::uint64_t{c0} << 32 | c1) >> 12;  // 52 bits: + 1/2 stays exact
  return (static_cast<double>(bits) + 0.5) * 0x1p-52;
}

}  // namespace retrace
