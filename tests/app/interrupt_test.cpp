// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <chrono>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

namespace retrace::test {
namespace {

/// Waits until a process catches a signal; while its libraries are being loaded it does not yet.
bool catches(pid_t process, int signal) {
  for (int attempt = 0; attempt < 6000; ++attempt) {
    std::ifstream status("/proc/" + std::to_string(process) + "/status");
    for (std::string word; status >> word;)
      if (word == "SigCgt:" && status >> word &&
          (std::stoull(word, nullptr, 16) >> (signal - 1) & 1) != 0)
        return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

class Interrupt : public testing::TestWithParam<int> {};

TEST_P(Interrupt, StopsARunAndLeavesNothing) {
  int const signal = GetParam();
  for (char const* line :
       {"sample --target moons --sde vp --sampler ddim --steps 4000000 --samples 64 --out x.npy",
        "sample --target moons --sde vp --sampler ancestral --steps 4000 --samples 3000000 --out "
        "x.npy",
        "compare --target moons --sde vp --samplers ddim --evaluations 4000 --samples 3000000 "
        "--report report"}) {
    SCOPED_TRACE(line);
    TemporaryFolder const folder;
    Running running(folder.path(), words_of(line));
    ASSERT_TRUE(catches(running.process(), signal));
    // Any moment will do, whether the run has started its work or not.
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    ASSERT_EQ(::kill(running.process(), signal), 0);
    Outcome const outcome = running.wait();
    EXPECT_EQ(outcome.status, 128 + signal);
    EXPECT_EQ(outcome.out, "");
    EXPECT_EQ(outcome.err, "retrace: error: interrupted\n");
    EXPECT_TRUE(folder.names().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(BySignal, Interrupt, testing::Values(SIGINT, SIGTERM));

}  // namespace
}  // namespace retrace::test
