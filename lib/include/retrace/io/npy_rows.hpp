// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/input_file.hpp>
#include <retrace/io/npy_format.hpp>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retrace {

/// The rows of an .npy [n, d], which read_npy() would read as a whole, read where they are needed:
/// copied, never mapped, so that a file that is cut meanwhile is refused and cannot crash the
/// process. Calls may run in parallel.
class NpyRows {
 public:
  /// Reads the header alone. Throws Error (file) as read_npy(), but for the numbers.
  explicit NpyRows(std::filesystem::path const& path);

  [[nodiscard]] std::int64_t rows() const { return shape_[0]; }
  [[nodiscard]] std::int64_t columns() const { return shape_[1]; }
  [[nodiscard]] std::string const& name() const { return file_.name(); }

  /// Rows first, first + 1, ...: as many as `out`, [.][columns], holds. Throws Error (file) for a
  /// number that is not finite, with its row, and for a file that has become shorter.
  void read(std::int64_t first, std::span<double> out) const;

  /// Throws Fault::file: `cannot use 'NAME'; REASON; SUGGESTION`.
  [[noreturn]] void refuse(std::string_view reason, std::string_view suggestion = {}) const {
    file_.refuse(reason, suggestion);
  }

 private:
  InputFile file_;
  NpyType type_;
  std::vector<std::int64_t> shape_;
  std::uint64_t begin_;  // of the data
};

}  // namespace retrace
