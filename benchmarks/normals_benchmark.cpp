// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10 and Box-Muller as the interpreter calls them: blocks of four normals for a tile of
// samples, stored to memory that stays in the first cache level.
#include "support/paired.hpp"
#include "support/registration.hpp"

#include <retrace/core/normal.hpp>

#include <Kokkos_Core.hpp>

#include <cstdint>
#include <string>

namespace retrace::benchmarks {
namespace {

constexpr int samples = 128, normals_a_block = 4;

template <class Isa>
[[gnu::noinline]] void draw_blocks(PhiloxKeys const& keys, std::int64_t blocks, float* tile) {
  using P = simd::pack<float, Isa>;
  for (std::int64_t block = 0; block < blocks; ++block)
    for (int l = 0; l < samples; l += simd::width<P>) {
      P z[normals_a_block];
      four_normals(keys, static_cast<std::uint64_t>(l), static_cast<simd::Word>(block), 1, z);
      for (int q = 0; q < normals_a_block; ++q) simd::store(tile + q * samples + l, z[q]);
    }
}

template <class Isa>
void add_normals(std::string const& name) {
  add("normals/" + name, [](benchmark::State& state) {
    Kokkos::View<float*, Kokkos::HostSpace> const tile("tile", normals_a_block * samples);
    PhiloxKeys const keys(1);
    std::int64_t const blocks = effort().scaled(4000);
    measure_cycles(state, {.run = [&] { draw_blocks<Isa>(keys, blocks, tile.data()); },
                           .units = static_cast<double>(blocks * normals_a_block * samples)});
  });
}

}  // namespace

void register_benchmarks() {
  add_normals<simd::Scalar>("scalar");
#if !defined(__CUDACC__) && defined(__AVX2__) && defined(__FMA__)
  add_normals<simd::Avx2>("avx2");
#endif
#if !defined(__CUDACC__) && defined(__AVX512F__) && defined(__AVX512DQ__)
  add_normals<simd::Avx512>("avx512");
#endif
}

}  // namespace retrace::benchmarks
