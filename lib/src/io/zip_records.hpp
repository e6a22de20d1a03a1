// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// Numbers that the writer and the reader of ZIP records share (APPNOTE 4.3, 4.4, 4.5.3).
namespace retrace::zip {

inline constexpr std::uint32_t local_signature = 0x04034b50;
inline constexpr std::uint32_t central_signature = 0x02014b50;
inline constexpr std::uint32_t end_signature = 0x06054b50;
inline constexpr std::uint32_t end64_signature = 0x06064b50;
inline constexpr std::uint32_t locator_signature = 0x07064b50;

inline constexpr std::uint64_t local_size = 30, central_size = 46, end_size = 22, end64_size = 56,
                               locator_size = 20;

inline constexpr std::uint16_t zip64_tag = 1;
/// A field of 16 or 32 bits that reads "see the zip64 record".
inline constexpr std::uint32_t see64 = 0xffff'ffff;
inline constexpr std::uint16_t see64_short = 0xffff;

inline constexpr std::uint16_t encrypted_flag = 1, descriptor_flag = 8;

}  // namespace retrace::zip
