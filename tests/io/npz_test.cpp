// SPDX-License-Identifier: Apache-2.0
#include "support/files.hpp"
#include "support/numpy_archives.hpp"

#include <retrace/io/npz.hpp>
#include <retrace/io/zip.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

using Values = std::vector<double>;
using Shape = std::vector<std::int64_t>;

void check_numpy_arrays(std::map<std::string, NpzArray> const& arrays) {
  ASSERT_EQ(arrays.size(), 2u);
  EXPECT_EQ(arrays.at("x").values, (Values{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(arrays.at("x").shape, (Shape{2, 3}));
  EXPECT_EQ(arrays.at("x").type, NpyType::f8);
  EXPECT_EQ(arrays.at("y").values, (Values{0.5, -1.5}));
  EXPECT_EQ(arrays.at("y").shape, (Shape{2}));
  EXPECT_EQ(arrays.at("y").type, NpyType::f4);
}

TEST(Npz, ReadsArchivesOfNumpy) {
  TemporaryFolder folder;
  for (auto const& bytes : {numpy_savez(), numpy_savez_compressed(), numpy_savez_streamed()})
    check_numpy_arrays(read_npz(put(folder / "a.npz", bytes)));
}

TEST(Npz, ComesBackAsItWasWritten) {
  TemporaryFolder folder;
  Values score(3000);
  for (std::size_t i = 0; i < score.size(); ++i) score[i] = std::sin(static_cast<double>(i));
  Values const error{0.25, std::numeric_limits<double>::infinity(), std::nan("")};
  double const one = 1.0;
  write_npz(folder / "a.npz", {{"score", {1000, 3}, score.data()},
                               {"error", {3}, error.data()},
                               {"empty", {0, 7}, nullptr},
                               {"one", {}, &one}});
  auto const arrays = read_npz(folder / "a.npz");
  ASSERT_EQ(arrays.size(), 4u);
  EXPECT_EQ(arrays.at("score").values, score);
  EXPECT_EQ(arrays.at("score").shape, (Shape{1000, 3}));
  EXPECT_EQ(arrays.at("error").values[1], error[1]);
  EXPECT_TRUE(std::isnan(arrays.at("error").values[2]));
  EXPECT_EQ(arrays.at("empty").shape, (Shape{0, 7}));
  EXPECT_EQ(arrays.at("one").values, Values{1.0});
  EXPECT_TRUE(contains(refusal([&] { (void)read_npz(folder / "a.npz", NonFinite::refuse); }),
                       "member 'error.npy' of '" + (folder / "a.npz").string() +
                           "'; its row 1 (entry [1], counted from 0) is infinite"));
}

TEST(Npz, OfNothingIsAnEmptyArchive) {
  TemporaryFolder folder;
  write_npz(folder / "a.npz", {});
  EXPECT_EQ(bytes_of(folder / "a.npz").size(), 22u);
  EXPECT_TRUE(read_npz(folder / "a.npz").empty());
}

TEST(Npz, EqualArraysGiveEqualFiles) {
  TemporaryFolder folder;
  Values const x{1, 2, 3};
  for (auto const* name : {"a.npz", "b.npz"}) write_npz(folder / name, {{"x", {3, 1}, x.data()}});
  EXPECT_EQ(bytes_of(folder / "a.npz"), bytes_of(folder / "b.npz"));
}

TEST(Npz, EveryPrefixAndEveryExtensionIsRefused) {
  MemoryFile file;
  for (auto const& whole : {numpy_savez(), numpy_savez_compressed()}) {
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_TRUE(refuses([&] { (void)read_npz(file.holding(whole.substr(0, size))); })) << size;
    for (auto const& bytes : {whole + 'x', 'x' + whole, whole + whole})
      EXPECT_TRUE(refuses([&] { (void)read_npz(file.holding(bytes)); }));
  }
}

TEST(Npz, AnyChangedByteIsRefusedOrHarmless) {
  MemoryFile file;
  for (auto const& whole : {numpy_savez(), numpy_savez_compressed(), numpy_savez_streamed()})
    for (std::size_t i = 0; i < whole.size(); ++i)
      for (int change : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
        std::string changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ change);
        try {  // dates and versions may change, and both names together never do
          check_numpy_arrays(read_npz(file.holding(changed)));
        } catch (Error const& error) {
          EXPECT_EQ(error.fault(), Fault::file) << error.what();
        }
      }
}

/// A member as the archive would hold it, with any bytes.
std::string archive_of(std::vector<ZipMember> members, std::vector<std::string> const& bytes) {
  std::string archive;
  for (std::size_t i = 0; i < members.size(); ++i) {
    members[i].bytes = members[i].stored_bytes = bytes[i].size();
    members[i].crc = zip_crc(0, std::as_bytes(std::span(bytes[i])));
    members[i].header_offset = archive.size();
    archive += zip_local_header(members[i]) + bytes[i];
  }
  return archive + zip_directory(members, archive.size());
}

ZipMember called(std::string name) {
  ZipMember member;
  member.name = std::move(name);
  return member;
}

TEST(Npz, RefusesHostileMembers) {
  TemporaryFolder folder;
  std::string const array = npy_bytes(npy_dict("<f8", "(1, 1)"), raw(Values{1.0}));
  auto message = [&](std::vector<ZipMember> const& members, std::vector<std::string> const& bytes) {
    put(folder / "a.npz", archive_of(members, bytes));
    return refusal([&] { (void)read_npz(folder / "a.npz"); });
  };
  for (std::string name :
       {"x", ".npy", "../x.npy", "/etc/x.npy", "a\\x.npy", "x\n.npy", "x\x7f.npy", "x.npy.exe", ""})
    EXPECT_TRUE(contains(message({called(name)}, {array}), "is not called NAME.npy")) << name;
  EXPECT_TRUE(contains(message({called("x.npy"), called("x.npy")}, {array, array}), "two members"));
  EXPECT_TRUE(contains(message({called("x.npy")}, {""}), "member 'x.npy' of"));
  EXPECT_TRUE(contains(message({called("x.npy")}, {array + "x"}), "trailing"));
  EXPECT_TRUE(
      contains(message({called("x.npy")}, {npy_bytes(npy_dict("<i8", "(1, 1)"), raw(Values{1.0}))}),
               "dtype is '<i8'"));
}

}  // namespace
}  // namespace retrace::test
