// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace retrace::app {

void Table::add(std::vector<std::string> row) {
  widths_.resize(std::max(widths_.size(), row.size()));
  for (std::size_t c = 0; c < row.size(); ++c) {
    if (row[c].size() > widest) row[c] = row[c].substr(0, widest - 3) + "...";
    widths_[c] = std::max(widths_[c], row[c].size());
  }
  rows_.push_back(std::move(row));
}

std::string Table::text() const {
  std::string out;
  for (auto const& row : rows_) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      std::string const blanks(widths_[c] - row[c].size(), ' ');
      if (c == 0)
        out += row[c] + blanks;
      else
        out += "  " + blanks + row[c];
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

std::string short_number(double value, int digits) {
  if (!std::isfinite(value)) return "-";
  char text[64];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return text;
}

}  // namespace retrace::app
