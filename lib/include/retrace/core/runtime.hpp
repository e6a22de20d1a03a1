// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

namespace retrace {

/// Starts Kokkos and bounds the threads of Kokkos and oneTBB by one number. Made once, first thing
/// in main; everything that computes needs it. It respects a Kokkos that the caller has started
/// already, and then leaves it running.
class Runtime {
 public:
  /// What Kokkos' OpenMP has room for; it hangs or aborts beyond.
  static constexpr int max_threads = 512;

  /// 0: what OMP_NUM_THREADS says, else all. Throws Error (argument) for fewer than 0 or more than
  /// 512 threads.
  explicit Runtime(int threads = 0);
  /// Reads --threads N from the command line and leaves the rest alone.
  Runtime(int argc, char const* const* argv);
  ~Runtime();
  Runtime(Runtime const&) = delete;
  Runtime& operator=(Runtime const&) = delete;

  [[nodiscard]] int threads() const;

  /// Throws Error (argument) where no Runtime (or Kokkos) is alive.
  static void require();

 private:
  struct Limits;
  std::unique_ptr<Limits> limits_;
};

}  // namespace retrace
