// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <filesystem>

namespace retrace {

/// One JSON value (RFC 8259) from a file of at most 64 MiB, 2^22 values and 8 levels of nesting.
/// Refused: invalid UTF-8, NUL, a key that stands twice in an object, numbers beyond double,
/// anything after the value. Fault::file, naming the file and the line and column, or the key.
[[nodiscard]] nlohmann::json read_json(std::filesystem::path const& path);

}  // namespace retrace
