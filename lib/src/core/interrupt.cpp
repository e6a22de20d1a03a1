// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>

#include <csignal>

namespace retrace {
namespace {

// The one thing a signal handler may touch.
volatile std::sig_atomic_t stop_signal = 0;

extern "C" void remember(int signal) { stop_signal = signal; }

}  // namespace

void catch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = remember;
  // Without SA_RESTART a write that waits for a full pipe sees the first signal; the second finds
  // the default action.
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int interrupted() noexcept { return stop_signal; }

void throw_if_interrupted() {
  if (interrupted() != 0) throw Error(Fault::interrupted, "interrupted");
}

}  // namespace retrace
