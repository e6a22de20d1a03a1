// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>

#include <gtest/gtest.h>

#include <string>

namespace retrace {
namespace {

TEST(Error, JoinsItsPartsAndLeavesOutEmptyOnes) {
  EXPECT_STREQ(Error(Fault::file, "problem", "reason", "suggestion").what(),
               "problem; reason; suggestion");
  EXPECT_STREQ(Error(Fault::file, "problem", "", "suggestion").what(), "problem; suggestion");
  EXPECT_STREQ(Error(Fault::file, "problem", "reason").what(), "problem; reason");
  EXPECT_STREQ(Error(Fault::file, "problem").what(), "problem");
}

TEST(Error, KeepsItsFault) {
  for (Fault fault :
       {Fault::argument, Fault::file, Fault::memory, Fault::numerics, Fault::interrupted})
    EXPECT_EQ(Error(fault, "problem").fault(), fault);
}

/// R78.
TEST(Quoted, EscapesWhatATerminalWouldObey) {
  EXPECT_EQ(quoted("plain name.npy"), "'plain name.npy'");
  EXPECT_EQ(quoted(""), "''");
  EXPECT_EQ(quoted("a\nb\tc"), "'a\\x0ab\\x09c'");
  EXPECT_EQ(quoted("\x1b[31m"), "'\\x1b[31m'");
  EXPECT_EQ(quoted("\x7f"), "'\\x7f'");
  EXPECT_EQ(quoted("%n%s"), "'%n%s'");
  EXPECT_EQ(retrace::quoted(std::string_view("a\0b", 3)), "'a\\x00b'");
  EXPECT_EQ(quoted("\xc3\xa9\xff"), "'\\xc3\\xa9\\xff'");
}

TEST(Quoted, CutsLongText) {
  EXPECT_EQ(retrace::quoted(std::string(120, 'x')), "'" + std::string(120, 'x') + "'");
  EXPECT_EQ(retrace::quoted(std::string(121, 'x')), "'" + std::string(120, 'x') + "...'");
  EXPECT_LT(retrace::quoted(std::string(1 << 20, '\n')).size(), 500u);
}

TEST(Quoted, IsPrintableForEveryByte) {
  for (int byte = 0; byte < 256; ++byte)
    for (char c : retrace::quoted(std::string(1, static_cast<char>(byte))))
      EXPECT_TRUE(c >= 0x20 && c < 0x7f) << byte;
}

}  // namespace
}  // namespace retrace
