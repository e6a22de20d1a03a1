// SPDX-License-Identifier: Apache-2.0
// Fails when Kokkos was built without an architecture: its SIMD types are then scalar, and every
// program runs several times slower without a word.
#include <Kokkos_Core.hpp>
#include <Kokkos_SIMD.hpp>

#include <cstdio>

namespace {

bool processor_is_wide() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0;
#else
  return false;
#endif
}

bool threads_work() {
  long sum = 0;
  Kokkos::parallel_reduce(
      1000, [](long i, long& part) { part += i; }, sum);
  return sum == 499500;
}

}  // namespace

int main(int argc, char** argv) {
  Kokkos::ScopeGuard const guard(argc, argv);
  auto const width = static_cast<int>(Kokkos::Experimental::simd<float>::size());
  if (!threads_work()) {
    std::puts("kokkos: a parallel sum came out wrong");
    return 1;
  }
  if (width > 1) {
    std::printf("kokkos: SIMD width %d\n", width);
    return 0;
  }
  if (processor_is_wide()) {
    std::puts(
        "kokkos: the SIMD types are scalar, but this processor has AVX2; "
        "Kokkos must be built with -DKokkos_ARCH_NATIVE=ON (or its architecture)");
    return 1;
  }
  std::puts(
      "kokkos: warning: this processor has no SIMD unit that Kokkos knows; expect little speed");
  return 0;
}
