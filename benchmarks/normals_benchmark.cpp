// SPDX-License-Identifier: Apache-2.0
// Philox4x32-10 and Box-Muller as the interpreter calls them: blocks of four normals for a tile of
// samples, stored to memory that stays in the first cache level.
#include "support/bare_normals.hpp"
#include "support/paired.hpp"
#include "support/registration.hpp"

#include <Kokkos_Core.hpp>

#include <cstdint>
#include <string>

namespace retrace::benchmarks {
namespace {

template <class Isa>
void add_normals(std::string const& name) {
  add("normals/" + name, [](benchmark::State& state) {
    Kokkos::View<float*, Kokkos::HostSpace> const tile("tile", normals_a_block * normal_samples);
    PhiloxKeys const keys(1);
    std::int64_t const blocks = effort().scaled(4000);
    measure_cycles(state,
                   {.run = [&] { draw_blocks<Isa>(keys, blocks, tile.data()); },
                    .units = static_cast<double>(blocks * normals_a_block * normal_samples)});
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
