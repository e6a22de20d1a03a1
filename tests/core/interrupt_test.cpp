// SPDX-License-Identifier: Apache-2.0
#include "child_process.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/interrupt.hpp>

#include <gtest/gtest.h>

#include <csignal>

// Each in a child: a signal that has come once stays.
namespace retrace {
namespace {

TEST(Interrupt, HasNotComeByItself) {
  EXPECT_EQ(interrupted(), 0);
  EXPECT_NO_THROW(throw_if_interrupted());
}

TEST(Interrupt, AsksRunningWorkToStop) {
  for (int const signal : {SIGINT, SIGTERM}) {
    int const status = testing::wait_status_of_child([signal] {
      catch_interrupts();
      if (std::raise(signal) != 0 || interrupted() != signal) return 1;
      try {
        throw_if_interrupted();
      } catch (Error const& error) {
        return error.fault() == Fault::interrupted ? 0 : 2;
      }
      return 3;
    });
    EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0);
  }
}

TEST(Interrupt, KillsTheSecondTime) {
  for (int const signal : {SIGINT, SIGTERM}) {
    int const status = testing::wait_status_of_child([signal] {
      catch_interrupts();
      std::raise(signal);
      std::raise(signal);
      return 1;
    });
    EXPECT_EQ(WIFSIGNALED(status) ? WTERMSIG(status) : -1, signal);
  }
}

TEST(Interrupt, IsNotCaughtByTheLibraryItself) {
  int const status = testing::wait_status_of_child([] { return std::raise(SIGTERM) == 0 ? 1 : 2; });
  EXPECT_EQ(WIFSIGNALED(status) ? WTERMSIG(status) : -1, SIGTERM);
}

}  // namespace
}  // namespace retrace
