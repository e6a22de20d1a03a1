// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retrace {

/// The name of `known` with the smallest edit distance to `name` (insert, delete, replace, swap
/// neighbours; case is ignored; the first of equals). `known` must not be empty.
[[nodiscard]] std::string_view nearest(std::string_view name,
                                       std::span<std::string_view const> known);

/// Throws Fault::argument: `unknown WHAT 'NAME'; did you mean 'NEAREST'?`, or `; there is none`
/// where `known` is empty.
[[noreturn]] void throw_unknown(std::string_view what, std::string_view name,
                                std::span<std::string_view const> known);

/// The value that has that name among pairs of names and values; throws as throw_unknown().
template <class Choices>
[[nodiscard]] auto choice_named(std::string_view what, std::string_view name,
                                Choices const& choices) {
  std::vector<std::string_view> known;
  for (auto const& [text, value] : choices) {
    if (text == name) return value;
    known.push_back(text);
  }
  throw_unknown(what, name, known);
}

}  // namespace retrace
