// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>

#include <functional>
#include <type_traits>

namespace retrace::benchmarks {

/// Whether kernels run on the processor that also measures.
inline constexpr bool on_host = std::is_same_v<Execution::memory_space, Kokkos::HostSpace>;

/// On how many threads something runs: the calling one, or all that the Runtime has.
enum class Threads { one, all };

/// Runs `work` and returns. A kernel that starts inside a parallel region stays on the thread that
/// starts it; that is how one thread is measured in a process that has more. Devices know no such
/// difference.
void run_on(Threads threads, std::function<void()> const& work);

/// Seconds from some moment on: for one thread its own processor time, which a neighbour on the
/// same machine does not lengthen; for all threads, and on a device, the time of the wall clock.
[[nodiscard]] double now(Threads threads);

}  // namespace retrace::benchmarks
