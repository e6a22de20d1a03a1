// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <Kokkos_Macros.hpp>

#include <cstdint>
#include <span>

namespace retrace {

/// What a random number is for. Streams of different purpose never meet. Frozen: numbers are part
/// of every result.
enum class Purpose : std::uint8_t {
  start = 0,        ///< the state a sampler starts from
  step = 1,         ///< noise of a sampler's steps
  path = 2,         ///< nodes of the Brownian path
  probe = 3,        ///< Hutchinson probes
  data = 4,         ///< draws from a target
  train = 5,        ///< training
  dequantise = 6,   ///< uniform noise on integer data
  score_error = 7,  ///< the constants of a planted score error
  bound = 8,        ///< noised data of a variational bound
  network = 9,      ///< first parameters of a score network
};

/// Names one draw of a sample: the step of the grid, and which of the draws of that step.
struct DrawKey {
  std::int64_t step = 0;
  std::int32_t k = 0;

  static constexpr std::int64_t max_step = (std::int64_t{1} << 26) - 1;
  static constexpr std::int32_t max_k = (1 << 10) - 1;
  static constexpr std::int64_t max_dimension = std::int64_t{4} << 20;

  [[nodiscard]] friend bool operator==(DrawKey const&, DrawKey const&) = default;
  [[nodiscard]] friend auto operator<=>(DrawKey const&, DrawKey const&) = default;
};

/// Where the normals of a draw lie in the counter space, frozen by known answers. The 128-bit
/// counter of Philox4x32-10 (key: the seed) is, from the low word up: sample (64 bits), block (56),
/// purpose (8). The block is, from its low bit: component / 4 (20 bits), k (10), step group (26).
/// One block gives four normals; in low dimension neighbouring steps share it, so that none is
/// wasted:
///   d = 1: group = step / 4, normal number step % 4;
///   d = 2: group = step / 2, normals 2 (step % 2) + component;
///   d > 2: group = step, normal number component % 4.
struct DrawBlock {
  std::uint32_t low;   ///< third word of the counter, for components 0 to 3
  std::uint32_t high;  ///< fourth word
  int first;           ///< number of the first normal within the block

  /// Steps that share a block.
  [[nodiscard]] static KOKKOS_INLINE_FUNCTION int steps_per_block(std::int64_t dimension) {
    return dimension == 1 ? 4 : dimension == 2 ? 2 : 1;
  }
  [[nodiscard]] static KOKKOS_INLINE_FUNCTION DrawBlock of(Purpose purpose, DrawKey key,
                                                           std::int64_t dimension) {
    int const shared = steps_per_block(dimension);
    auto const group = static_cast<std::uint64_t>(key.step / shared);
    std::uint64_t const block = group << 30 | static_cast<std::uint64_t>(key.k) << 20;
    return {static_cast<std::uint32_t>(block),
            static_cast<std::uint32_t>(block >> 32) | static_cast<std::uint32_t>(purpose) << 24,
            static_cast<int>(key.step % shared) * (4 / shared)};
  }
};

/// The z.size()-dimensional standard normal of (seed, sample, purpose, key); a pure function. Drawn
/// in float.
void draw_normals(std::uint64_t seed, std::uint64_t sample, Purpose purpose, DrawKey key,
                  std::span<float> z);

/// The same of the samples first, first + 1, ..., [n][dimension], many at once: the same bits.
void draw_normal_rows(std::uint64_t seed, std::uint64_t first, Purpose purpose, DrawKey key,
                      std::int64_t dimension, std::span<float> z);

/// One uniform number on (0, 1), 52 bits; the first two words of the block of (purpose, key) in d
/// > 2.
[[nodiscard]] double draw_uniform(std::uint64_t seed, std::uint64_t sample, Purpose purpose,
                                  DrawKey key);

/// The same of the samples first, first + 1, ..., many at once: the same bits.
void draw_uniforms(std::uint64_t seed, std::uint64_t first, Purpose purpose, DrawKey key,
                   std::span<double> u);

}  // namespace retrace
