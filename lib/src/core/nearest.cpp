// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/nearest.hpp>

#include <algorithm>
#include <cassert>
#include <cctype>
#include <cstddef>
#include <vector>

namespace retrace {
namespace {

/// Optimal string alignment distance, two rows at a time plus the one before for swaps.
std::size_t distance(std::string_view a, std::string_view b) {
  auto same = [&](std::size_t i, std::size_t j) {
    return std::tolower(static_cast<unsigned char>(a[i])) ==
           std::tolower(static_cast<unsigned char>(b[j]));
  };
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same(i - 1, j - 1) ? 0 : 1)});
      if (i > 1 && j > 1 && same(i - 1, j - 2) && same(i - 2, j - 1))
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view name, std::span<std::string_view const> known) {
  assert(!known.empty());
  name = name.substr(0, 200);  // hostile input must not cost quadratic time
  return *std::min_element(known.begin(), known.end(), [&](std::string_view a, std::string_view b) {
    return distance(name, a) < distance(name, b);
  });
}

void throw_unknown(std::string_view what, std::string_view name,
                   std::span<std::string_view const> known) {
  std::string const problem = "unknown " + std::string(what) + " " + quoted(name);
  if (known.empty()) throw Error(Fault::argument, problem, "there is none to choose from");
  throw Error(Fault::argument, problem,
              "did you mean '" + std::string(nearest(name, known)) + "'?");
}

}  // namespace retrace
