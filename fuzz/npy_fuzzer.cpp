// SPDX-License-Identifier: Apache-2.0
#include "file_in_memory.hpp"

#include <retrace/io/npy.hpp>

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  return retrace::fuzz::read_or_refuse(
      data, size, [](std::filesystem::path const& path) { (void)retrace::read_npy_numbers(path); });
}
