// SPDX-License-Identifier: Apache-2.0
#include "zip_records.hpp"

#include <retrace/core/error.hpp>
#include <retrace/io/zip.hpp>

#include <algorithm>
#include <set>
#include <string_view>

namespace retrace {
namespace {

using namespace zip;

constexpr std::uint64_t most_directory_bytes = std::uint64_t{16} << 20;
constexpr std::uint64_t most_descriptor_bytes = 24;
constexpr std::uint64_t most_deflate_ratio = 1032;  // of DEFLATE itself: 258 bytes from 2 bits

/// Little-endian fields one after the other, from a piece of the file.
class Fields {
 public:
  Fields(InputFile const& file, std::uint64_t offset, std::uint64_t bytes)
      : file_(file), bytes_(bytes, '\0') {
    file.read(offset, std::as_writable_bytes(std::span(bytes_)));
  }
  Fields(InputFile const& file, std::string bytes) : file_(file), bytes_(std::move(bytes)) {}

  [[nodiscard]] std::uint64_t left() const { return bytes_.size() - at_; }
  std::uint64_t u2() { return little_endian(2); }
  std::uint64_t u4() { return little_endian(4); }
  std::uint64_t u8() { return little_endian(8); }
  std::string text(std::uint64_t bytes) {
    if (bytes > left()) file_.refuse("a record of its zip directory is cut off");
    at_ += bytes;
    return bytes_.substr(at_ - bytes, bytes);
  }

 private:
  std::uint64_t little_endian(std::uint64_t bytes) {
    std::string const raw = text(bytes);
    std::uint64_t value = 0;
    for (std::size_t i = raw.size(); i-- > 0;)
      value = value << 8 | static_cast<unsigned char>(raw[i]);
    return value;
  }

  InputFile const& file_;
  std::string bytes_;
  std::size_t at_ = 0;
};

struct Directory {
  std::uint64_t offset, bytes, count;
};

/// The end records must be the last bytes of the file, right behind the directory.
Directory find_directory(InputFile const& file) {
  if (file.size() < end_size) file.refuse("it is too short for an .npz file");
  std::uint64_t end = file.size() - end_size;
  Fields fields(file, end, end_size);
  if (fields.u4() != end_signature) file.refuse("it does not end as an .npz file does");
  auto const disks = fields.u4(), count_here = fields.u2(), count = fields.u2();
  Directory found{.offset = 0, .bytes = fields.u4(), .count = count};
  found.offset = fields.u4();
  bool whole = disks == 0 && count_here == count && fields.u2() == 0;
  if (found.bytes == see64 || found.offset == see64 || count == see64_short) {
    if (end < locator_size + end64_size) file.refuse("its zip64 end record is missing");
    end -= locator_size + end64_size;
    Fields large(file, end, end64_size + locator_size);
    whole = whole && large.u4() == end64_signature && large.u8() == end64_size - 12;
    large.u4();  // versions
    whole = whole && large.u8() == 0;
    found.count = large.u8();
    whole = whole && large.u8() == found.count;
    found.bytes = large.u8();
    found.offset = large.u8();
    whole = whole && large.u4() == locator_signature && large.u4() == 0 && large.u8() == end &&
            large.u4() == 1;
  }
  if (!whole || found.bytes > end || found.offset != end - found.bytes ||
      found.count > found.bytes / central_size)
    file.refuse("the end record of its zip directory does not fit the file");
  if (found.bytes > most_directory_bytes) file.refuse("its zip directory is over 16 MiB long");
  return found;
}

/// Replaces the values that say "see zip64" by those of the extra field.
void widen(InputFile const& file, std::string extra, std::initializer_list<std::uint64_t*> values) {
  Fields fields(file, std::move(extra));
  while (fields.left() > 0) {
    auto const tag = fields.u2();
    Fields body(file, fields.text(fields.u2()));
    if (tag != zip64_tag) continue;
    for (std::uint64_t* value : values)
      if (*value == see64) *value = body.u8();
    return;
  }
}

struct Entry {
  ZipMember member;
  std::uint64_t flags;
};

Entry read_central(InputFile const& file, Fields& fields) {
  if (fields.u4() != central_signature) file.refuse("its zip directory is damaged");
  fields.u4();  // versions
  Entry entry{.member = {}, .flags = fields.u2()};
  ZipMember& member = entry.member;
  auto const method = fields.u2();
  fields.u4();  // time and date
  member.crc = static_cast<std::uint32_t>(fields.u4());
  member.stored_bytes = fields.u4();
  member.bytes = fields.u4();
  auto const name_bytes = fields.u2(), extra_bytes = fields.u2(), comment_bytes = fields.u2();
  auto const disk = fields.u2();
  fields.u2();  // attributes
  fields.u4();
  member.header_offset = fields.u4();
  member.name = fields.text(name_bytes);
  widen(file, fields.text(extra_bytes),
        {&member.bytes, &member.stored_bytes, &member.header_offset});
  auto const name = retrace::quoted(member.name);
  if (comment_bytes != 0 || disk != 0)
    file.refuse("its member " + name + " has a comment or a disk");
  if ((entry.flags & encrypted_flag) != 0) file.refuse("its member " + name + " is encrypted");
  if (method != 0 && method != 8)
    file.refuse("its member " + name + " is packed by method " + std::to_string(method),
                "stored (0) and deflated (8) members are read");
  member.method = static_cast<ZipMember::Method>(method);
  bool const possible = member.method == ZipMember::Method::stored
                            ? member.bytes == member.stored_bytes
                            : member.bytes / most_deflate_ratio <= member.stored_bytes;
  if (!possible) file.refuse("its member " + name + " has sizes that cannot be");
  return entry;
}

/// Sets data_offset and returns where the member ends. `limit` is where the directory starts.
std::uint64_t check_local(InputFile const& file, Entry& entry, std::uint64_t limit) {
  ZipMember& member = entry.member;
  auto refuse = [&] {
    file.refuse("the local header of its member " + retrace::quoted(member.name) +
                " does not fit the directory");
  };
  if (limit < local_size || member.header_offset > limit - local_size) refuse();
  Fields fixed(file, member.header_offset, local_size);
  if (fixed.u4() != local_signature) refuse();
  fixed.u2();  // version
  if (fixed.u2() != entry.flags || fixed.u2() != static_cast<std::uint64_t>(member.method))
    refuse();
  fixed.u4();  // time and date
  auto const crc = fixed.u4(), stored_bytes = fixed.u4(), bytes = fixed.u4();
  if ((entry.flags & descriptor_flag) == 0 &&
      (crc != member.crc || (stored_bytes != member.stored_bytes && stored_bytes != see64) ||
       (bytes != member.bytes && bytes != see64)))
    refuse();
  auto const name_bytes = fixed.u2(), extra_bytes = fixed.u2();
  member.data_offset = member.header_offset + local_size + name_bytes + extra_bytes;
  if (member.data_offset > limit || member.stored_bytes > limit - member.data_offset) refuse();
  if (Fields(file, member.header_offset + local_size, name_bytes).text(name_bytes) != member.name)
    refuse();
  return member.data_offset + member.stored_bytes;
}

}  // namespace

std::vector<ZipMember> read_zip_directory(InputFile const& file) {
  Directory const directory = find_directory(file);
  Fields fields(file, directory.offset, directory.bytes);
  std::vector<Entry> entries;
  for (std::uint64_t i = 0; i < directory.count; ++i) entries.push_back(read_central(file, fields));
  if (fields.left() != 0) file.refuse("its zip directory has bytes left over");

  std::sort(entries.begin(), entries.end(), [](Entry const& a, Entry const& b) {
    return a.member.header_offset < b.member.header_offset;
  });
  std::set<std::string_view> names;
  std::uint64_t end = 0, slack = 0;
  auto check_gap = [&](std::uint64_t next) {
    if (next < end || next - end > slack)
      file.refuse("the members of its zip directory overlap or leave gaps");
  };
  for (Entry& entry : entries) {
    if (!names.insert(entry.member.name).second)
      file.refuse("it has two members " + retrace::quoted(entry.member.name));
    check_gap(entry.member.header_offset);
    end = check_local(file, entry, directory.offset);
    slack = (entry.flags & descriptor_flag) != 0 ? most_descriptor_bytes : 0;
  }
  check_gap(directory.offset);

  std::vector<ZipMember> members;
  for (Entry& entry : entries) members.push_back(std::move(entry.member));
  return members;
}

}  // namespace retrace
