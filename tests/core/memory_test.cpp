// SPDX-License-Identifier: Apache-2.0
#include "child_process.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/memory.hpp>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>

namespace retrace {
namespace {

constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();
constexpr std::size_t mib = std::size_t{1} << 20;

TEST(SaturatedProduct, IsTheProductWhereItFits) {
  EXPECT_EQ(saturated_product({}), 1u);
  EXPECT_EQ(saturated_product({7}), 7u);
  EXPECT_EQ(saturated_product({10000, 2, 4}), 80000u);
  EXPECT_EQ(saturated_product({std::int64_t{1} << 62, 2}), std::size_t{1} << 63);
  EXPECT_EQ(saturated_product({6700417, 274177, 641}), 1177581248589569u);
}

TEST(SaturatedProduct, IsTheLargestNumberWhereItDoesNotFit) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(saturated_product({std::int64_t{1} << 62, 4}), largest);
  EXPECT_EQ(saturated_product({most, most, most}), largest);
  EXPECT_EQ(saturated_product({most, 3, 1}), largest);
  // 2^32 * 2^32 * 5 wraps to 0, and 2^33 * (2^31 + 1) to 2^33: neither may pass for a small size.
  EXPECT_EQ(saturated_product({std::int64_t{1} << 32, std::int64_t{1} << 32, 5}), largest);
  EXPECT_EQ(saturated_product({std::int64_t{1} << 33, (std::int64_t{1} << 31) + 1}), largest);
}

TEST(SaturatedProduct, IsZeroWhereAFactorIs) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(saturated_product({0}), 0u);
  EXPECT_EQ(saturated_product({most, most, 0}), 0u);
  EXPECT_EQ(saturated_product({0, most, most}), 0u);
}

std::string refusal_of(std::size_t bytes) {
  try {
    require_memory("16 samples of 2 numbers", bytes);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::memory);
    return error.what();
  }
  return "";
}

TEST(RequireMemory, RefusesWhatNoMachineHas) {
  for (std::size_t const bytes : {std::size_t{1} << 60, largest}) {
    std::string const message = refusal_of(bytes);
    EXPECT_NE(message.find("16 samples of 2 numbers"), std::string::npos) << message;
    EXPECT_NE(message.find("memory"), std::string::npos) << message;
    EXPECT_NE(message.find("MiB"), std::string::npos) << message;
  }
}

TEST(RequireMemory, AllowsWhatIsLittle) {
  EXPECT_NO_THROW(require_memory("nothing", 0));
  EXPECT_NO_THROW(require_memory("a megabyte", mib));
}

std::size_t mapped_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

bool limit_address_space(std::size_t bytes) {
  rlimit const limit{bytes, bytes};
  return setrlimit(RLIMIT_AS, &limit) == 0;
}

TEST(RequireMemory, HeedsWhatTheProcessMayStillMap) {
  if (mapped_bytes() == 0) GTEST_SKIP() << "this system does not say what a process has mapped";
  int const status = testing::wait_status_of_child([] {
    // What is mapped already counts against the limit.
    void* const mapped =
        mmap(nullptr, 256 * mib, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (mapped == MAP_FAILED || !limit_address_space(mapped_bytes() + 128 * mib)) return 1;
    if (refusal_of(200 * mib).empty()) return 2;
    if (!refusal_of(32 * mib).empty()) return 3;
    return 0;
  });
  EXPECT_EQ(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0)
      << "2: allowed too much; 3: refused what fits";
}

}  // namespace
}  // namespace retrace
