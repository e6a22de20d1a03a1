// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/normal.hpp>
#include <retrace/run/fused.hpp>

#include <cstdint>

namespace retrace::benchmarks {

/// Normals as the interpreter draws them, alone: blocks of four for a tile of samples, stored to
/// memory that stays in the first cache level.
inline constexpr int normal_samples = tile_lanes<float>(2), normals_a_block = 4;

template <class Isa>
[[gnu::noinline]] void draw_blocks(PhiloxKeys const& keys, std::int64_t blocks, float* tile) {
  using P = simd::pack<float, Isa>;
  for (std::int64_t block = 0; block < blocks; ++block)
    for (int l = 0; l < normal_samples; l += simd::width<P>) {
      P z[normals_a_block];
      four_normals(keys, static_cast<std::uint64_t>(l), static_cast<simd::Word>(block), 1, z);
      for (int q = 0; q < normals_a_block; ++q) simd::store(tile + q * normal_samples + l, z[q]);
    }
}

}  // namespace retrace::benchmarks
