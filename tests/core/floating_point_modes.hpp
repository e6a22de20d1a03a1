// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cfenv>

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

namespace retrace::testing {

/// While it lives, denormal numbers are zeros for the processor, coming in and going out.
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

/// While it lives, the processor rounds upward.
class RoundingUpward {
 public:
  RoundingUpward() { std::fesetround(FE_UPWARD); }
  ~RoundingUpward() { std::fesetround(before_); }
  RoundingUpward(RoundingUpward const&) = delete;
  RoundingUpward& operator=(RoundingUpward const&) = delete;

 private:
  int before_ = std::fegetround();
};

}  // namespace retrace::testing
