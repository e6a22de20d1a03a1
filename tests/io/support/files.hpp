// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/error.hpp>

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace retrace::test {

/// An empty folder that goes away with all it holds.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "retrace-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  TemporaryFolder(TemporaryFolder const&) = delete;
  TemporaryFolder& operator=(TemporaryFolder const&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::filesystem::path const& path() const { return path_; }
  [[nodiscard]] std::filesystem::path operator/(std::string_view name) const {
    return path_ / name;
  }
  /// The names in it, hidden ones too, sorted.
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (auto const& entry : std::filesystem::directory_iterator(path_))
      names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  std::filesystem::path path_;
};

inline std::string bytes_of(std::filesystem::path const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline std::filesystem::path put(std::filesystem::path const& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return path;
}

/// A file in memory, for tests that need thousands of them: `path` opens it.
class MemoryFile {
 public:
  MemoryFile() : file_(::memfd_create("retrace-test", MFD_CLOEXEC)) {
    if (file_ < 0) throw std::runtime_error("no file in memory");
  }
  MemoryFile(MemoryFile const&) = delete;
  MemoryFile& operator=(MemoryFile const&) = delete;
  ~MemoryFile() { ::close(file_); }

  /// Replaces all bytes.
  std::filesystem::path holding(std::string_view bytes) const {
    EXPECT_EQ(::ftruncate(file_, static_cast<off_t>(bytes.size())), 0);
    EXPECT_EQ(::pwrite(file_, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    return "/proc/self/fd/" + std::to_string(file_);
  }

 private:
  int file_;
};

/// What the Error thrown by `work` says; a test failure where there is none, or one of another
/// kind.
template <class Work>
std::string refusal(Work&& work, Fault fault = Fault::file) {
  try {
    work();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), fault) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return {};
}

/// Whether `work` throws Fault::file. For loops over many files.
template <class Work>
bool refuses(Work&& work) {
  try {
    work();
  } catch (Error const& error) {
    return error.fault() == Fault::file;
  }
  return false;
}

inline testing::AssertionResult contains(std::string_view text, std::string_view part) {
  if (text.find(part) != std::string_view::npos) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "no \"" << part << "\" in \"" << text << '"';
}

/// The bytes of an .npy, made here by the letter of NumPy's description and not by the code under
/// test: any dict, any version, padded to 64 bytes.
inline std::string npy_bytes(std::string dict, std::string_view data, char major = 1,
                             char minor = 0) {
  std::size_t const before = major == 1 ? 10 : 12;
  while ((before + dict.size() + 1) % 64 != 0) dict += ' ';
  dict += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += major;
  bytes += minor;
  for (std::size_t i = 0; i < before - 8; ++i)
    bytes += static_cast<char>(dict.size() >> 8 * i & 0xff);
  return bytes + dict + std::string(data);
}

inline std::string npy_dict(std::string_view type, std::string_view shape) {
  return "{'descr': '" + std::string(type) +
         "', 'fortran_order': False, 'shape': " + std::string(shape) + ", }";
}

template <class T>
std::string raw(std::vector<T> const& values) {
  return {reinterpret_cast<char const*>(values.data()), values.size() * sizeof(T)};
}

}  // namespace retrace::test
