// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cfenv>

namespace retrace::testing {

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
