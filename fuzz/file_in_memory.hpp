// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/error.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>

namespace retrace::fuzz {

/// Bytes as a file that needs no disk: readers take a path.
class FileInMemory {
 public:
  explicit FileInMemory(std::span<std::uint8_t const> bytes)
      : file_(::memfd_create("retrace-fuzz", MFD_CLOEXEC)) {
    auto const size = static_cast<ssize_t>(bytes.size());
    if (file_ < 0 || ::pwrite(file_, bytes.data(), bytes.size(), 0) != size) std::abort();
  }
  FileInMemory(FileInMemory const&) = delete;
  FileInMemory& operator=(FileInMemory const&) = delete;
  ~FileInMemory() { ::close(file_); }

  [[nodiscard]] std::filesystem::path path() const {
    return "/proc/self/fd/" + std::to_string(file_);
  }

 private:
  int file_;
};

/// Reads the bytes as a file. A reader returns or throws Error about the file; whatever else it
/// does ends the fuzzer with a finding.
template <class Read>
int read_or_refuse(std::uint8_t const* data, std::size_t size, Read const& read) {
  FileInMemory const file(std::span(data, size));
  try {
    read(file.path());
  } catch (Error const& error) {
    if (error.fault() != Fault::file && error.fault() != Fault::memory) throw;
  }
  return 0;
}

}  // namespace retrace::fuzz
