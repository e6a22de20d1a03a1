// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/io/byte_source.hpp>
#include <retrace/io/input_file.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

/// The part of the ZIP format that .npz files use (PKWARE APPNOTE 6.3): no encryption, no disks, no
/// comments, members stored or deflated, zip64 where a size or an offset needs it.
namespace retrace {

struct ZipMember {
  enum class Method : std::uint16_t { stored = 0, deflated = 8 };
  std::string name;
  Method method = Method::stored;
  std::uint32_t crc = 0;            ///< CRC-32 of the bytes as they come out
  std::uint64_t stored_bytes = 0;   ///< in the archive
  std::uint64_t bytes = 0;          ///< as they come out
  std::uint64_t header_offset = 0;  ///< of the local header
  std::uint64_t data_offset = 0;    ///< of the stored bytes; reading only
};

/// CRC-32 as ZIP has it, continued from `crc` (0 at the start).
[[nodiscard]] std::uint32_t zip_crc(std::uint32_t crc, std::span<std::byte const> bytes);

/// What stands before the bytes of a stored member.
[[nodiscard]] std::string zip_local_header(ZipMember const& member);

/// What stands after the members, from `offset` to the end of the archive: the central directory
/// and its end records.
[[nodiscard]] std::string zip_directory(std::span<ZipMember const> members, std::uint64_t offset);

/// The members of an archive in the order of their bytes. Everything is compared with the size of
/// the file before it is used: the members, the directory and its end fill the file without gaps,
/// overlaps or bytes left over, local headers agree with the directory, names differ. Anything else
/// is refused.
[[nodiscard]] std::vector<ZipMember> read_zip_directory(InputFile const& file);

/// The bytes of one member as they come out.
class ZipMemberSource : public ByteSource {
 public:
  using ByteSource::ByteSource;
  /// To be called at the end: refuses bytes left over and a CRC that differs.
  virtual void finish() = 0;
};

/// Keeps a reference to the file.
[[nodiscard]] std::unique_ptr<ZipMemberSource> open_zip_member(InputFile const& file,
                                                               ZipMember const& member);

}  // namespace retrace
