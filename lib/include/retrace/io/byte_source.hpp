// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace retrace {

/// Bytes of a known number, read in order: a file, or a member of an archive. Readers of a format
/// (.npy) are written against this, so that they compare what a header says with remaining() before
/// they allocate.
class ByteSource {
 public:
  /// `name` is how messages call it, fit to print.
  ByteSource(std::string name, std::uint64_t bytes) : name_(std::move(name)), remaining_(bytes) {}
  ByteSource(ByteSource const&) = delete;
  ByteSource& operator=(ByteSource const&) = delete;
  virtual ~ByteSource() = default;

  [[nodiscard]] std::string const& name() const { return name_; }
  [[nodiscard]] std::uint64_t remaining() const { return remaining_; }

  /// The next `out.size()` bytes; refuses where fewer remain.
  void read(std::span<std::byte> out);

  /// Throws Fault::file: `cannot use NAME; REASON; SUGGESTION`.
  [[noreturn]] void refuse(std::string_view reason, std::string_view suggestion = {}) const;

 private:
  virtual void next(std::span<std::byte> out) = 0;

  std::string name_;
  std::uint64_t remaining_;
};

}  // namespace retrace
