// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <retrace/io/npz.hpp>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace retrace::test {
namespace {

/// A run of some seconds, killed by a signal as soon as it has kept something. Its folder holds the
/// points, and what a run without a checkpoint makes of them.
struct Killed {
  explicit Killed(int signal) {
    EXPECT_EQ(run(folder.path(),
                  "sample --target swiss-roll --sde vp --sampler ddim --steps 9 --samples 20000 "
                  "--seed 1 --precision f64 --out x.npy --quiet")
                  .status,
              0);
    std::string const start = "likelihood --target swiss-roll --sde vp --points x.npy --rtol 1e-7 ";
    EXPECT_EQ(run(folder.path(), start + "--out whole.npz --quiet").status, 0);
    line = start + "--out l.npz --json --checkpoint c.npz";
    Running running(folder.path(), words_of(line));
    for (int i = 0; i < 3000 && !std::filesystem::exists(folder / "c.npz"); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    EXPECT_EQ(::kill(running.process(), signal), 0);
    outcome = running.wait();
    EXPECT_EQ(outcome.status, 128 + signal);
    EXPECT_TRUE(std::filesystem::exists(folder / "c.npz"));
    EXPECT_FALSE(std::filesystem::exists(folder / "l.npz"));
  }

  /// The same command again makes the bits of a run without a checkpoint.
  void expect_resumed() const {
    Outcome const again = run(folder.path(), line);
    ASSERT_EQ(again.status, 0) << again.err;
    EXPECT_EQ(again.json()["points"], 20000);
    EXPECT_GT(again.json()["standard_error"].get<double>(), 0);
    EXPECT_FALSE(std::filesystem::exists(folder / "c.npz"));
    auto const whole = read_npz(folder / "whole.npz"), resumed = read_npz(folder / "l.npz");
    ASSERT_EQ(whole.size(), resumed.size());
    for (auto const& [name, array] : whole)
      EXPECT_EQ(array.values, resumed.at(name).values) << name;
  }

  TemporaryFolder folder;
  std::string line;
  Outcome outcome;
};

TEST(LikelihoodCommand, GoesOnFromItsCheckpointAfterAKill) {
  Killed const killed(SIGKILL);
  expect_refusal(killed.folder, killed.line + " --to 0.9", 2, {"c.npz", "--to was null"});
  expect_refusal(killed.folder, killed.line + " --round-trip", 2, {"--round-trip was false"});
  killed.expect_resumed();
}

TEST(LikelihoodCommand, GoesOnFromItsCheckpointAfterAnInterrupt) {
  for (int const signal : {SIGINT, SIGTERM}) {
    SCOPED_TRACE(signal);
    Killed const killed(signal);
    EXPECT_EQ(killed.outcome.out, "");
    EXPECT_EQ(killed.outcome.err, "retrace: error: interrupted\n");
    EXPECT_EQ(killed.folder.names(), (std::vector<std::string>{"c.npz", "whole.npz", "x.npy"}));
    killed.expect_resumed();
  }
}

}  // namespace
}  // namespace retrace::test
