// SPDX-License-Identifier: Apache-2.0
#pragma once

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

namespace retrace {

/// While it lives, denormal numbers are zeros for the thread that made it, coming in (DAZ) and
/// going out (FTZ). Retrace never needs it: its kernels make none. It is there to show that.
class FlushedDenormals {
 public:
#ifdef __SSE2__
  static constexpr bool possible = true;
  FlushedDenormals() { _mm_setcsr(before_ | 0x8040); }
  ~FlushedDenormals() { _mm_setcsr(before_); }
#else
  static constexpr bool possible = false;
  FlushedDenormals() = default;
#endif
  FlushedDenormals(FlushedDenormals const&) = delete;
  FlushedDenormals& operator=(FlushedDenormals const&) = delete;

#ifdef __SSE2__
 private:
  unsigned before_ = _mm_getcsr();
#endif
};

}  // namespace retrace
