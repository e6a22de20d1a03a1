// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>

#include <csignal>

namespace retrace {
namespace {

// The one thing a signal handler may touch.
volatile std::sig_atomic_t stop_signal = 0;

void remember(int signal) {
  stop_signal = signal;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_interrupts() {
  std::signal(SIGINT, remember);
  std::signal(SIGTERM, remember);
}

int interrupted() noexcept { return stop_signal; }

void throw_if_interrupted() {
  if (interrupted() != 0) throw Error(Fault::interrupted, "interrupted");
}

}  // namespace retrace
