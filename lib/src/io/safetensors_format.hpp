// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

/// What reader and writer of safetensors agree on.
namespace retrace::safetensors {

inline constexpr std::size_t length_bytes = 8;
inline constexpr std::uint64_t longest_header = 100'000'000;

/// The key of the metadata that holds the check sum, and what stands there while it is made.
inline constexpr std::string_view sum_key = "crc32";
inline constexpr std::string_view no_sum = "00000000";

[[nodiscard]] inline std::string sum_text(std::uint32_t sum) {
  std::string text(no_sum);
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, sum >>= 4)
    *digit = "0123456789abcdef"[sum & 0xf];
  return text;
}

inline constexpr std::array<std::pair<std::string_view, unsigned>, 15> types{{{"F64", 8},
                                                                              {"F32", 4},
                                                                              {"F16", 2},
                                                                              {"BF16", 2},
                                                                              {"I64", 8},
                                                                              {"I32", 4},
                                                                              {"I16", 2},
                                                                              {"I8", 1},
                                                                              {"U64", 8},
                                                                              {"U32", 4},
                                                                              {"U16", 2},
                                                                              {"U8", 1},
                                                                              {"BOOL", 1},
                                                                              {"F8_E4M3", 1},
                                                                              {"F8_E5M2", 1}}};

/// Bytes of one number; 0 for what is no type.
[[nodiscard]] inline unsigned item_bytes(std::string_view type) {
  for (auto const& [name, bytes] : types)
    if (name == type) return bytes;
  return 0;
}

[[nodiscard]] inline std::string all_types() {
  std::string text;
  for (auto const& [name, bytes] : types) text += (text.empty() ? "" : " ") + std::string(name);
  return text;
}

}  // namespace retrace::safetensors
