// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/memory.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <fstream>
#include <limits>
#include <string>

namespace retrace {
namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

/// Bytes that the process has mapped already, 0 where the system does not say.
std::size_t mapped_memory() {
  std::ifstream sizes("/proc/self/statm");
  std::size_t pages = 0;
  long const size = sysconf(_SC_PAGESIZE);
  return sizes >> pages && size > 0 ? pages * static_cast<std::size_t>(size) : 0;
}

}  // namespace

std::size_t saturated_product(std::initializer_list<std::int64_t> factors) {
  std::size_t product = 1;
  for (std::int64_t const factor : factors) {
    assert(factor >= 0);
    if (__builtin_mul_overflow(product, static_cast<std::size_t>(factor), &product))
      product = unlimited;
    if (factor == 0) return 0;
  }
  return product;
}

std::size_t available_memory() {
  std::size_t available = unlimited;
  std::ifstream info("/proc/meminfo");
  std::string key, unit;
  for (std::size_t kib = 0; available == unlimited && info >> key >> kib; std::getline(info, unit))
    if (key == "MemAvailable:") available = kib * 1024;
  if (available == unlimited) {
    long const pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    if (pages > 0 && size > 0)
      available = static_cast<std::size_t>(pages) * static_cast<std::size_t>(size);
  }
  rlimit limit{};
  if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
    std::size_t const mapped = mapped_memory();
    available = std::min<std::size_t>(available, limit.rlim_cur - std::min(limit.rlim_cur, mapped));
  }
  return available;
}

void require_memory(std::string_view what, std::size_t bytes) {
  std::size_t const available = available_memory();
  if (bytes <= available) return;
  constexpr std::size_t mib = std::size_t{1} << 20;
  throw Error(Fault::memory, std::string(what) + " do not fit into memory",
              "they need " +
                  (bytes == unlimited ? "more than any machine has"
                                      : std::to_string(bytes / mib) + " MiB") +
                  ", " + std::to_string(available / mib) + " MiB are available",
              "take fewer or go in parts");
}

}  // namespace retrace
