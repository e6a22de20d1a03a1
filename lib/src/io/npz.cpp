// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/io/atomic_file.hpp>
#include <retrace/io/input_file.hpp>
#include <retrace/io/npz.hpp>
#include <retrace/io/zip.hpp>

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <functional>
#include <numeric>
#include <span>
#include <string_view>

namespace retrace {
namespace {

constexpr std::string_view suffix = ".npy";

std::span<std::byte const> data_of(NpzEntry const& entry) {
  auto const values =
      std::accumulate(entry.shape.begin(), entry.shape.end(), std::int64_t{1}, std::multiplies{});
  return std::as_bytes(std::span(entry.data, static_cast<std::size_t>(values)));
}

/// The name in Python. Names are only ever keys here, but whoever unpacks the archive makes files
/// of them.
std::string key_of(InputFile const& file, ZipMember const& member) {
  std::string_view const name = member.name;
  auto const fit = [](char c) {
    return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f && c != '/' && c != '\\';
  };
  if (name.size() <= suffix.size() || !name.ends_with(suffix) ||
      !std::all_of(name.begin(), name.end(), fit))
    file.refuse("its member " + retrace::quoted(name) + " is not called NAME.npy");
  return std::string(name.substr(0, name.size() - suffix.size()));
}

}  // namespace

void write_npz(std::filesystem::path const& path, std::vector<NpzEntry> const& entries) {
  AtomicFile file(path);
  std::vector<ZipMember> members;
  std::uint64_t offset = 0;
  auto write = [&](std::span<std::byte const> bytes) {
    file.write(bytes.data(), bytes.size());
    offset += bytes.size();
  };
  for (NpzEntry const& entry : entries) {
    assert(!entry.name.empty());
    std::string const header = format_npy_header(NpyType::f8, entry.shape);
    auto const header_bytes = std::as_bytes(std::span(header));
    auto const data = data_of(entry);
    ZipMember const member{
        .name = entry.name + std::string(suffix),
        .method = ZipMember::Method::stored,
        .crc = zip_crc(zip_crc(0, header_bytes), data),
        .stored_bytes = header.size() + data.size(),
        .bytes = header.size() + data.size(),
        .header_offset = offset,
        .data_offset = 0,
    };
    std::string const local = zip_local_header(member);
    write(std::as_bytes(std::span(local)));
    write(header_bytes);
    write(data);
    members.push_back(member);
  }
  std::string const directory = zip_directory(members, offset);
  file.write(directory.data(), directory.size());
  file.commit();
}

std::map<std::string, NpzArray> read_npz(std::filesystem::path const& path, NonFinite non_finite) {
  InputFile const file(path);
  std::map<std::string, NpzArray> arrays;
  for (ZipMember const& member : read_zip_directory(file)) {
    auto const key = key_of(file, member);
    auto const source = open_zip_member(file, member);
    NpyHeader const header = read_npy_header(*source);
    auto values = read_npy_values(*source, header, non_finite);
    source->finish();
    arrays[key] = {std::move(values), header.shape, header.type};
  }
  return arrays;
}

}  // namespace retrace
