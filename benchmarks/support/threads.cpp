// SPDX-License-Identifier: Apache-2.0
#include "support/threads.hpp"

#include <ctime>
#include <exception>

namespace retrace::benchmarks {

void run_on(Threads threads, std::function<void()> const& work) {
  if (threads == Threads::all || !on_host) {
    work();
    return;
  }
  std::exception_ptr thrown;  // must not leave a parallel region
#pragma omp parallel num_threads(1)
  {
    try {
      work();
    } catch (...) {
      thrown = std::current_exception();
    }
  }
  if (thrown) std::rethrow_exception(thrown);
}

double now(Threads threads) {
  std::timespec time{};
  clock_gettime(threads == Threads::one && on_host ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC,
                &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace retrace::benchmarks
