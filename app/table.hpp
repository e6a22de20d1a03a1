// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace retrace::app {

/// Rows of text in columns: the first to the left, where names are, the others to the right, where
/// numbers are. A cell wider than `widest` is cut and ends in "...".
class Table {
 public:
  static constexpr std::size_t widest = 40;

  explicit Table(std::vector<std::string> header) { add(std::move(header)); }
  void add(std::vector<std::string> row);
  [[nodiscard]] std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::vector<std::size_t> widths_;
};

/// The number with `digits` significant digits, `-` where it is not finite.
[[nodiscard]] std::string short_number(double value, int digits = 4);

}  // namespace retrace::app
