// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "support/threads.hpp"

namespace retrace::benchmarks {

/// Floating-point operations a second, in the precision T, of fused multiply-adds that have nothing
/// to wait for: twelve independent chains of the widest packs this build has, which is more than
/// latency times ports anywhere. Takes about a millisecond. On all threads they come in small
/// pieces, taken as threads become free, as tiles of samples are.
template <class T>
[[nodiscard]] double fma_peak(Threads threads);

/// Cycles a second of the calling thread: a chain of dependent integer additions does one a cycle.
/// The operands are registers, because some processors add constants for nothing. About a quarter
/// of a millisecond.
[[nodiscard]] double clock_rate();

}  // namespace retrace::benchmarks
