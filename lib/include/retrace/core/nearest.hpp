// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace retrace {

/// The name of `known` with the smallest edit distance to `name` (insert, delete, replace, swap
/// neighbours; case is ignored; the first of equals). `known` must not be empty.
[[nodiscard]] std::string_view nearest(std::string_view name,
                                       std::span<std::string_view const> known);

/// Throws Fault::argument: `unknown WHAT 'NAME'; did you mean 'NEAREST'?`, or `; there is none`
/// where `known` is empty.
[[noreturn]] void throw_unknown(std::string_view what, std::string_view name,
                                std::span<std::string_view const> known);

}  // namespace retrace
