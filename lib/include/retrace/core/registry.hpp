// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/nearest.hpp>
#include <retrace/core/options.hpp>

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retrace {

/// One thing a user can ask for by name: an SDE, grid, sampler or target. `make` builds it with the
/// options of a Spec. Registries are explicit lists in the compiled library: a line an entry, in
/// the order in which `list` shows them.
template <class Made>
struct Entry {
  std::string name;
  std::string summary;
  std::string paper;
  std::vector<OptionInfo> options;
  std::function<Made(Spec const&)> make;
};

/// The entry of that name; throws Error (argument) `unknown WHAT 'NAME'; did you mean 'NEAREST'?`.
template <class E>
E const& find_entry(std::string_view what, std::string_view name, std::vector<E> const& entries) {
  std::vector<std::string_view> names;
  for (E const& entry : entries) {
    if (entry.name == name) return entry;
    names.push_back(entry.name);
  }
  throw_unknown(what, name, names);
}

}  // namespace retrace
