// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/byte_source.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace retrace {

/// A regular file to read. Its bytes are copied, never mapped, so that a file that shrinks
/// meanwhile is refused and cannot crash the process. Pipes and devices are refused without waiting
/// for them: their size is not known.
///
/// Errors: Fault::file with the words of the system; Fault::interrupted.
class InputFile {
 public:
  explicit InputFile(std::filesystem::path const& path);
  InputFile(InputFile const&) = delete;
  InputFile& operator=(InputFile const&) = delete;
  ~InputFile();

  /// The path in quotes, fit to print.
  [[nodiscard]] std::string const& name() const { return name_; }
  /// Bytes, when it was opened.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// The `out.size()` bytes from `offset` on.
  void read(std::uint64_t offset, std::span<std::byte> out) const;

  /// Throws Fault::file: `cannot use 'NAME'; REASON; SUGGESTION`.
  [[noreturn]] void refuse(std::string_view reason, std::string_view suggestion = {}) const;

 private:
  std::string name_;
  std::uint64_t size_ = 0;
  int file_ = -1;
};

/// The bytes of a part of a file, in order. Keeps a reference to the file.
class FilePart : public ByteSource {
 public:
  FilePart(InputFile const& file, std::uint64_t begin, std::uint64_t bytes)
      : ByteSource(file.name(), bytes), file_(file), end_(begin + bytes) {}

 private:
  void next(std::span<std::byte> out) override { file_.read(end_ - remaining(), out); }

  InputFile const& file_;
  std::uint64_t end_;
};

/// All of it.
class WholeFile final : public FilePart {
 public:
  explicit WholeFile(InputFile const& file) : FilePart(file, 0, file.size()) {}
};

}  // namespace retrace
