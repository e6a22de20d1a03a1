// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/runtime.hpp>

#include <gtest/gtest.h>
#include <tbb/global_control.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace retrace {
namespace {

std::string refusal_of(auto make) {
  try {
    make();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::argument);
    return error.what();
  }
  return "";
}

/// Made before main, which starts the Runtime of all tests.
std::string const refusal_before_main = refusal_of([] { Runtime::require(); });

int threads_of(std::vector<char const*> words) {
  words.insert(words.begin(), "program");
  return Runtime(static_cast<int>(words.size()), words.data()).threads();
}

std::size_t tbb_threads() {
  return tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
}

TEST(Runtime, IsRequiredBeforeAnythingComputes) {
  EXPECT_NE(refusal_before_main.find("runtime is not started"), std::string::npos);
  EXPECT_NO_THROW(Runtime::require());
}

TEST(Runtime, RefusesNumbersOfThreadsOutOfRange) {
  for (int const threads : {-1, 4097, -2147483647 - 1, 2147483647}) {
    std::string const message = refusal_of([&] { Runtime const runtime(threads); });
    EXPECT_NE(message.find(std::to_string(threads)), std::string::npos) << message;
    EXPECT_NE(message.find("[1, 512]"), std::string::npos) << message;
  }
}

TEST(Runtime, BoundsTheThreadsOfOneTBBWhileItLives) {
  std::size_t const before = tbb_threads();
  {
    Runtime const runtime(1);
    EXPECT_EQ(runtime.threads(), 1);
    EXPECT_EQ(tbb_threads(), 1u);
  }
  EXPECT_EQ(tbb_threads(), before);
}

TEST(Runtime, LeavesAKokkosRunningThatWasThereBefore) {
  { Runtime const runtime(1); }
  EXPECT_NO_THROW(Runtime::require());
}

TEST(Runtime, ReadsItsThreadsFromTheCommandLine) {
  EXPECT_EQ(threads_of({"--threads", "1"}), 1);
  EXPECT_EQ(threads_of({"sample", "--seed", "7", "--threads=3", "-x"}), 3);
  EXPECT_EQ(threads_of({"--threads", "512"}), 512);
}

TEST(Runtime, RefusesCommandLinesWithoutANumberOfThreads) {
  for (char const* word : {"0", "-1", "4097", "two", "", "1.5", "99999999999999999999"}) {
    EXPECT_NE(refusal_of([&] { threads_of({"--threads", word}); }), "") << word;
    EXPECT_NE(refusal_of([&] { threads_of({("--threads=" + std::string(word)).c_str()}); }), "")
        << word;
  }
}

/// The number of threads by default where OMP_NUM_THREADS is `value`.
int default_threads(char const* value) {
  char const* const before = std::getenv("OMP_NUM_THREADS");
  std::string const kept = before != nullptr ? before : "";
  if (value != nullptr)
    setenv("OMP_NUM_THREADS", value, 1);
  else
    unsetenv("OMP_NUM_THREADS");
  int const threads = Runtime().threads();
  if (before != nullptr)
    setenv("OMP_NUM_THREADS", kept.c_str(), 1);
  else
    unsetenv("OMP_NUM_THREADS");
  return threads;
}

TEST(Runtime, TakesWhatOpenMPWouldByDefault) {
  EXPECT_EQ(default_threads("3"), 3);
  EXPECT_EQ(default_threads("4,2"), 4);
  EXPECT_EQ(default_threads("1000000"), 512);
  int const all = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  EXPECT_EQ(default_threads(nullptr), all);
  EXPECT_EQ(default_threads("many"), all);
  EXPECT_EQ(threads_of({"sample"}), Runtime().threads());
}

}  // namespace
}  // namespace retrace
