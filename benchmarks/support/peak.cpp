// SPDX-License-Identifier: Apache-2.0
#include "support/peak.hpp"

#include <retrace/core/batch.hpp>
#include <retrace/core/simd.hpp>

#include <cstdint>

namespace retrace::benchmarks {
namespace {

/// The same number, of which the compiler knows nothing; in a register where its name is known.
template <class P>
[[gnu::always_inline]] inline P opaque(P pack) {
#if defined(__x86_64__) && !defined(__CUDACC__)
  if constexpr (1 < simd::width<P>)
    asm volatile("" : "+v"(pack.v));
  else
    asm volatile("" : "+v"(pack));
#elif defined(__aarch64__) && !defined(__CUDACC__)
  asm volatile("" : "+w"(pack));
#else
  asm volatile("" : "+m"(pack));
#endif
  return pack;
}

/// As many as there are registers for.
template <class P>
constexpr int chains = sizeof(P) == 64 ? 24 : 12;

template <class P>
[[gnu::noinline]] void multiply_add(std::int64_t rounds) {
  using T = typename simd::traits<P>::value;
  P const factor = opaque(simd::broadcast<P>(T(1)));
  P const step = opaque(simd::broadcast<P>(T(1e-9)));
  P sum[chains<P>];
  RETRACE_UNROLL(24)
  for (int c = 0; c < chains<P>; ++c) sum[c] = step;
  for (std::int64_t k = 0; k < rounds; ++k) {
    RETRACE_UNROLL(24)
    for (int c = 0; c < chains<P>; ++c) sum[c] = opaque(simd::fma(factor, step, sum[c]));
  }
}

}  // namespace

template <class T>
double fma_peak(Threads threads) {
  using P = simd::pack<T, simd::Native>;
  constexpr std::int64_t rounds = 8192, pieces_a_thread = 64;
  std::int64_t pieces = 0;
  double const start = now(threads);
  if (threads == Threads::one) {
    pieces = pieces_a_thread;
    for (std::int64_t i = 0; i < pieces; ++i) multiply_add<P>(rounds);
  } else {
    pieces = pieces_a_thread * Kokkos::DefaultHostExecutionSpace().concurrency();
#pragma omp parallel for schedule(dynamic)
    for (std::int64_t i = 0; i < pieces; ++i) multiply_add<P>(rounds);
  }
  double const seconds = now(threads) - start;
  return static_cast<double>(pieces * rounds * chains<P> * simd::width<P> * 2) / seconds;
}

template double fma_peak<float>(Threads);
template double fma_peak<double>(Threads);

double clock_rate() {
  constexpr int unrolled = 16;
  constexpr std::int64_t rounds = 50'000;
  std::uint64_t sum = 1, step = 3;
  double const start = now(Threads::one);
  for (std::int64_t k = 0; k < rounds; ++k) {
    RETRACE_UNROLL(16)
    for (int i = 0; i < unrolled; ++i) {
      asm volatile("" : "+r"(step));
      sum += step;
      asm volatile("" : "+r"(sum));
    }
  }
  return static_cast<double>(rounds * unrolled) / (now(Threads::one) - start);
}

}  // namespace retrace::benchmarks
