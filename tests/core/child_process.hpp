// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <concepts>

namespace retrace::testing {

/// Runs `body` in a copy of this process, which ends with what it returns (0 to 255), or 255 where
/// it throws. Returns what waitpid says of it.
template <std::invocable Body>
int wait_status_of_child(Body body) {
  pid_t const child = fork();
  if (child == 0) {
    int code = 255;
    try {
      code = body();
    } catch (...) {
    }
    _exit(code);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

}  // namespace retrace::testing
