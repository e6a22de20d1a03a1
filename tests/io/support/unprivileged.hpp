// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

namespace retrace::test {

/// While it lives we are not root, so that permissions are heeded.
class Unprivileged {
 public:
  Unprivileged() = default;
  Unprivileged(Unprivileged const&) = delete;
  Unprivileged& operator=(Unprivileged const&) = delete;
  ~Unprivileged() {
    if (was_root_ && possible_) {
      EXPECT_EQ(::seteuid(0), 0);
    }
  }
  /// False where root cannot step down: the test is to be skipped.
  [[nodiscard]] bool possible() const { return possible_; }

 private:
  bool was_root_ = ::geteuid() == 0;
  bool possible_ = !was_root_ || ::seteuid(65534) == 0;
};

}  // namespace retrace::test
