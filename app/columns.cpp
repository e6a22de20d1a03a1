// SPDX-License-Identifier: Apache-2.0
#include "columns.hpp"

#include <algorithm>
#include <cassert>
#include <numeric>

namespace retrace::app {

void Columns::add(std::string_view name, std::span<double const> values, std::int64_t width) {
  if (find(name) == nullptr) all_.push_back({std::string(name), width, {}});
  auto& column =
      *std::find_if(all_.begin(), all_.end(), [&](Column const& one) { return one.name == name; });
  column.values.insert(column.values.end(), values.begin(), values.end());
}

void Columns::add(std::string_view name, std::span<std::int64_t const> values) {
  std::vector<double> const real(values.begin(), values.end());
  add(name, real);
}

std::vector<double> const& Columns::operator[](std::string_view name) const {
  Column const* const column = find(name);
  assert(column != nullptr);
  return column->values;
}

double Columns::mean(std::string_view name) const {
  std::vector<double> const& values = (*this)[name];
  return values.empty() ? 0
                        : std::accumulate(values.begin(), values.end(), 0.0) /
                              static_cast<double>(values.size());
}

Columns::Column const* Columns::find(std::string_view name) const {
  auto const place =
      std::find_if(all_.begin(), all_.end(), [&](Column const& one) { return one.name == name; });
  return place == all_.end() ? nullptr : &*place;
}

}  // namespace retrace::app
