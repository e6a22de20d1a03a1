// SPDX-License-Identifier: Apache-2.0
#include "support/files.hpp"

#include <retrace/io/zip.hpp>

#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

std::span<std::byte const> bytes_in(std::string const& text) {
  return std::as_bytes(std::span(text));
}

TEST(Zip, CrcIsThePublishedOne) {
  std::string const digits = "123456789";  // the check value that every catalogue of CRCs gives
  EXPECT_EQ(zip_crc(0, bytes_in(digits)), 0xcbf43926u);
  EXPECT_EQ(zip_crc(zip_crc(0, bytes_in(digits).first(4)), bytes_in(digits).subspan(4)),
            0xcbf43926u);
  EXPECT_EQ(zip_crc(0xcbf43926u, {}), 0xcbf43926u);
}

ZipMember stored_member(std::string name, std::uint64_t bytes, std::uint64_t header_offset) {
  ZipMember member;
  member.name = std::move(name);
  member.bytes = member.stored_bytes = bytes;
  member.header_offset = header_offset;
  return member;
}

void put_at(std::filesystem::path const& path, std::uint64_t offset, std::string const& bytes) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.seekp(static_cast<std::streamoff>(offset));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

TEST(Zip, MembersAndOffsetsBeyond4GiBAreFound) {
  TemporaryFolder folder;
  auto const path = put(folder / "a.npz", "");
  std::uint64_t const size = 5'000'000'123;  // of holes: the file takes no room on the disk
  std::vector<ZipMember> members{stored_member("first.npy", size, 0)};
  auto const first = zip_local_header(members[0]);
  members.push_back(stored_member("second.npy", 10, first.size() + size));
  auto const second = zip_local_header(members[1]);
  std::uint64_t const end = first.size() + size + second.size() + 10;
  if (::truncate(path.c_str(), static_cast<off_t>(end)) != 0)
    GTEST_SKIP() << "no files of 5 GB here";
  put_at(path, 0, first);
  put_at(path, members[1].header_offset, second);
  put_at(path, end, zip_directory(members, end));

  InputFile const file(path);
  auto const found = read_zip_directory(file);
  ASSERT_EQ(found.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(found[i].name, members[i].name);
    EXPECT_EQ(found[i].bytes, members[i].bytes);
    EXPECT_EQ(found[i].stored_bytes, members[i].stored_bytes);
    EXPECT_EQ(found[i].header_offset, members[i].header_offset);
  }
  EXPECT_EQ(found[0].data_offset, first.size());
  EXPECT_EQ(found[1].data_offset, end - 10);
}

TEST(Zip, SmallArchivesHaveNoZip64Records) {
  ZipMember const member = stored_member("x.npy", 3, 0);
  EXPECT_EQ(zip_local_header(member).size(), 30u + 5);
  EXPECT_EQ(zip_directory(std::vector{member}, 38).size(), 46u + 5 + 22);
  EXPECT_EQ(zip_local_header(stored_member("x.npy", 0xfffffffe, 0)).size(), 30u + 5);
  EXPECT_EQ(zip_local_header(stored_member("x.npy", 0xffffffff, 0)).size(), 30u + 5 + 20);
  EXPECT_EQ(zip_directory(std::vector{member}, 0xffffffff).size(), 46u + 5 + 56 + 20 + 22);
}

std::string raw_deflate(std::string const& text) {
  std::string out(text.size() + 100, '\0');
  z_stream stream{};
  EXPECT_EQ(::deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string in = text;
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(::deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

/// Unpacks `packed`, of which the directory says what `change` makes of the truth.
template <class Change>
std::string unpack(std::string const& packed, std::string const& text, Change change) {
  TemporaryFolder folder;
  InputFile const file(put(folder / "a", packed));
  ZipMember member;
  member.name = "x";
  member.method = ZipMember::Method::deflated;
  member.crc = zip_crc(0, bytes_in(text));
  member.stored_bytes = packed.size();
  member.bytes = text.size();
  change(member);
  auto const source = open_zip_member(file, member);
  std::string out(member.bytes, '\0');
  source->read(std::as_writable_bytes(std::span(out)));
  source->finish();
  return out;
}

TEST(Zip, UnpacksDeflatedMembersAndRefusesDamagedOnes) {
  auto const as_is = [](ZipMember&) {};
  std::string text;
  std::mt19937 random(1);
  for (int i = 0; i < 100'000; ++i) text += static_cast<char>(random());
  std::string const packed = raw_deflate(text);
  ASSERT_GT(packed.size(), 65'536u);  // more than the reader takes at a time
  EXPECT_TRUE(unpack(packed, text, as_is) == text);
  EXPECT_EQ(unpack(raw_deflate(""), "", as_is), "");

  auto message = [&](std::string const& bytes, auto change) {
    return refusal([&] { (void)unpack(bytes, text, change); });
  };
  EXPECT_TRUE(contains(message(packed, [](auto& m) { m.crc ^= 1; }), "checksum"));
  EXPECT_TRUE(contains(message(packed, [](auto& m) { m.bytes += 1; }), "fewer bytes"));
  EXPECT_TRUE(contains(message(packed, [](auto& m) { m.bytes -= 1; }), "more bytes"));
  EXPECT_TRUE(contains(message(packed, [](auto& m) { m.stored_bytes -= 1; }), "cut off"));
  EXPECT_TRUE(contains(message(packed + "x", as_is), "do not end"));
  EXPECT_TRUE(contains(message(std::string(100'000, '\xff'), as_is), "damaged"));
}

TEST(Zip, RefusesSizesThatCannotBe) {
  TemporaryFolder folder;
  auto message = [&](ZipMember shown, std::string const& local, std::string const& data) {
    put(folder / "a", local + data + zip_directory(std::vector{shown}, local.size() + data.size()));
    InputFile const file(folder / "a");
    return refusal([&] { (void)read_zip_directory(file); });
  };
  ZipMember const honest = stored_member("x.npy", 10, 0);
  std::string const local = zip_local_header(honest), data(10, 'x');
  {
    put(folder / "a",
        local + data + zip_directory(std::vector{honest}, local.size() + data.size()));
    EXPECT_EQ(read_zip_directory(InputFile(folder / "a")).size(), 1u);
  }
  auto bomb = honest;
  bomb.method = ZipMember::Method::deflated;
  bomb.bytes = 800'000'000'000;
  EXPECT_TRUE(contains(message(bomb, local, data), "sizes that cannot be"));
  auto longer = honest;
  longer.bytes = longer.stored_bytes = 800'000'000'000;
  EXPECT_TRUE(contains(message(longer, local, data), "does not fit"));
  auto unequal = honest;
  unequal.bytes = 11;
  EXPECT_TRUE(contains(message(unequal, local, data), "sizes that cannot be"));
  auto behind = honest;
  behind.header_offset = 0xfffffffff;
  EXPECT_TRUE(contains(message(behind, local, data), "gaps"));
  EXPECT_TRUE(contains(message(honest, local, data + data), "gaps"));
  EXPECT_TRUE(contains(message(honest, "", local + data.substr(1)), "does not fit"));
  auto packed = honest;
  packed.method = static_cast<ZipMember::Method>(12);
  EXPECT_TRUE(contains(message(packed, local, data), "packed by method 12"));
}

TEST(Zip, RefusesMembersThatOverlap) {
  TemporaryFolder folder;
  // Two entries for the same bytes, under two names: how small files unpack to huge ones.
  auto const first = stored_member("x.npy", 10, 0);
  auto second = first;
  second.name = "y.npy";
  std::string const local = zip_local_header(first) + std::string(10, 'x');
  put(folder / "a", local + zip_directory(std::vector{first, second}, local.size()));
  InputFile const file(folder / "a");
  EXPECT_TRUE(contains(refusal([&] { (void)read_zip_directory(file); }), "overlap"));
}

}  // namespace
}  // namespace retrace::test
