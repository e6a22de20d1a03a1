// SPDX-License-Identifier: Apache-2.0
#include "support/files.hpp"
#include "support/unprivileged.hpp"

#include <retrace/io/input_file.hpp>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <string>

namespace retrace::test {
namespace {

std::string opening(std::filesystem::path const& path) {
  return refusal([&] { InputFile file(path); });
}

TEST(InputFile, GivesTheReasonOfTheSystem) {
  TemporaryFolder folder;
  EXPECT_EQ(opening("no/such/file"), "cannot read 'no/such/file'; No such file or directory");
  EXPECT_TRUE(contains(opening(""), "No such file or directory"));
  EXPECT_TRUE(contains(opening(folder.path()), "Is a directory"));
  EXPECT_TRUE(contains(opening(put(folder / "f", "") / "x"), "Not a directory"));
}

TEST(InputFile, RefusesAFileWithoutPermission) {
  TemporaryFolder folder;
  ::chmod(folder.path().c_str(), 0755);
  put(folder / "secret", "x");
  ::chmod((folder / "secret").c_str(), 0);
  Unprivileged const user;
  if (!user.possible()) GTEST_SKIP() << "root may read everything, and this one cannot step down";
  EXPECT_TRUE(contains(opening(folder / "secret"), "Permission denied"));
}

TEST(InputFile, RefusesPipesAndDevicesWithoutWaiting) {
  TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_TRUE(contains(opening(folder / "pipe"), "not a regular file"));
  EXPECT_TRUE(contains(opening("/dev/zero"), "not a regular file"));
}

TEST(InputFile, EscapesHostileNames) {
  auto const message = opening("%n\033[31m\n\xff");
  EXPECT_TRUE(contains(message, "'%n\\x1b[31m\\x0a\\xff'"));
  EXPECT_LT(opening(std::string(4000, 'x')).size(), 250u);
}

TEST(InputFile, ReadsAnyPieceAndNothingBehindTheEnd) {
  TemporaryFolder folder;
  InputFile const file(put(folder / "x", "0123456789"));
  EXPECT_EQ(file.size(), 10u);
  std::array<char, 4> piece{};
  auto const out = std::as_writable_bytes(std::span(piece));
  file.read(6, out);
  EXPECT_EQ(std::string(piece.data(), 4), "6789");
  EXPECT_TRUE(contains(refusal([&] { file.read(7, out); }), "became shorter"));

  WholeFile source(file);
  source.read(out);
  EXPECT_EQ(std::string(piece.data(), 4), "0123");
  source.read(out);
  EXPECT_EQ(std::string(piece.data(), 4), "4567");
  EXPECT_EQ(source.remaining(), 2u);
  EXPECT_TRUE(contains(refusal([&] { source.read(out); }), "ends too early"));
}

TEST(InputFile, RefusesAFileThatBecameShorter) {
  TemporaryFolder folder;
  InputFile const file(put(folder / "x", std::string(100, 'x')));
  ASSERT_EQ(::truncate((folder / "x").c_str(), 50), 0);
  std::array<std::byte, 100> bytes{};
  EXPECT_TRUE(
      contains(refusal([&] { file.read(0, bytes); }), "it became shorter while it was read"));
}

}  // namespace
}  // namespace retrace::test
