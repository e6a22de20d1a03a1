// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace retrace {

/// Product of sizes, or the largest std::size_t where it does not fit. Negative factors are not
/// allowed.
[[nodiscard]] std::size_t saturated_product(std::initializer_list<std::int64_t> factors);

/// The bytes that the machine can give now: what the system says is available, and what the process
/// may still map.
[[nodiscard]] std::size_t available_memory();

/// Throws Error (memory) where `bytes` are more than that. `what` names the thing: "16 samples of 2
/// numbers".
void require_memory(std::string_view what, std::size_t bytes);

}  // namespace retrace
