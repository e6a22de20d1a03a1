// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retrace::app {

/// Numbers of every point under names, [n] or [n][width], that grow part by part.
class Columns {
 public:
  struct Column {
    std::string name;
    std::int64_t width;  ///< 0: [n]
    std::vector<double> values;
  };

  /// Appends to the column of that name; the first time makes it.
  void add(std::string_view name, std::span<double const> values, std::int64_t width = 0);
  void add(std::string_view name, std::span<std::int64_t const> values);
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }
  /// Of a column that there is.
  [[nodiscard]] std::vector<double> const& operator[](std::string_view name) const;
  [[nodiscard]] double mean(std::string_view name) const;
  [[nodiscard]] std::vector<Column> const& all() const { return all_; }

 private:
  [[nodiscard]] Column const* find(std::string_view name) const;

  std::vector<Column> all_;
};

}  // namespace retrace::app
