// SPDX-License-Identifier: Apache-2.0
#include "zip_records.hpp"

#include <retrace/io/zip.hpp>

#include <zlib.h>

#include <cassert>
#include <initializer_list>
#include <type_traits>

namespace retrace {
namespace {

using namespace zip;

/// Little-endian fields one after the other.
class Record {
 public:
  template <class T>
  Record& add(std::type_identity_t<T> value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes_ += static_cast<char>(value >> 8 * i & 0xff);
    return *this;
  }
  Record& u2(std::uint64_t value) { return add<std::uint16_t>(static_cast<std::uint16_t>(value)); }
  Record& u4(std::uint64_t value) { return add<std::uint32_t>(static_cast<std::uint32_t>(value)); }
  Record& u8(std::uint64_t value) { return add<std::uint64_t>(value); }
  Record& text(std::string const& text) { return bytes_ += text, *this; }
  [[nodiscard]] std::string const& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

constexpr std::uint16_t version_plain = 20, version_zip64 = 45;
constexpr std::uint16_t made_on_unix = 3 << 8;
constexpr std::uint32_t regular_file_0644 = 0100644u << 16;
constexpr std::uint16_t day = 1 << 5 | 1;  // 1980-01-01: equal arrays give equal files

std::uint32_t short_form(std::uint64_t value) {
  return value < see64 ? static_cast<std::uint32_t>(value) : see64;
}

/// The zip64 extra field with the values that do not fit (both sizes together where `both`); empty
/// where all fit.
std::string zip64_extra(std::initializer_list<std::uint64_t> values) {
  Record large;
  for (std::uint64_t value : values)
    if (value >= see64) large.u8(value);
  if (large.bytes().empty()) return {};
  return Record().u2(zip64_tag).u2(large.bytes().size()).text(large.bytes()).bytes();
}

/// The fields that local and central headers share, from the flags to the length of the extra
/// field.
Record& shared_fields(Record& record, ZipMember const& member, std::string const& extra) {
  return record.u2(0)
      .u2(static_cast<std::uint16_t>(member.method))
      .u2(0)
      .u2(day)
      .u4(member.crc)
      .u4(short_form(member.stored_bytes))
      .u4(short_form(member.bytes))
      .u2(member.name.size())
      .u2(extra.size());
}

std::uint16_t needed_version(std::string const& extra) {
  return extra.empty() ? version_plain : version_zip64;
}

std::string central_header(ZipMember const& member) {
  auto const extra = zip64_extra({member.bytes, member.stored_bytes, member.header_offset});
  Record record;
  record.u4(central_signature).u2(made_on_unix | needed_version(extra)).u2(needed_version(extra));
  shared_fields(record, member, extra).u2(0).u2(0).u2(0).u4(regular_file_0644);
  return record.u4(short_form(member.header_offset)).text(member.name).text(extra).bytes();
}

}  // namespace

std::uint32_t zip_crc(std::uint32_t crc, std::span<std::byte const> bytes) {
  if (bytes.data() == nullptr) return crc;  // zlib takes a null pointer for a wish to start anew
  return static_cast<std::uint32_t>(
      ::crc32_z(crc, reinterpret_cast<Bytef const*>(bytes.data()), bytes.size()));
}

std::string zip_local_header(ZipMember const& member) {
  // A stored member has two equal sizes, so that both are in the extra field or none, as the format
  // asks for here.
  assert(member.method == ZipMember::Method::stored && member.bytes == member.stored_bytes);
  assert(member.name.size() < see64_short);
  auto const extra = zip64_extra({member.bytes, member.stored_bytes});
  Record record;
  record.u4(local_signature).u2(needed_version(extra));
  return shared_fields(record, member, extra).text(member.name).text(extra).bytes();
}

std::string zip_directory(std::span<ZipMember const> members, std::uint64_t offset) {
  Record record;
  for (ZipMember const& member : members) record.text(central_header(member));
  std::uint64_t const bytes = record.bytes().size(), count = members.size();
  if (offset >= see64 || bytes >= see64 || count >= see64_short) {
    record.u4(end64_signature).u8(end64_size - 12);
    record.u2(made_on_unix | version_zip64).u2(version_zip64).u4(0).u4(0);
    record.u8(count).u8(count).u8(bytes).u8(offset);
    record.u4(locator_signature).u4(0).u8(offset + bytes).u4(1);
  }
  auto const shown = count < see64_short ? count : see64_short;
  record.u4(end_signature).u2(0).u2(0).u2(shown).u2(shown);
  return record.u4(short_form(bytes)).u4(short_form(offset)).u2(0).bytes();
}

}  // namespace retrace
