// SPDX-License-Identifier: Apache-2.0
#include "support/files.hpp"

#include <retrace/io/npy.hpp>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

namespace retrace::test {
namespace {

struct Hostile {
  std::string what;
  std::string bytes;
  std::string reason;  // that the message must give
};

std::string npy_with_length(std::string const& version, std::string const& length,
                            std::string const& rest) {
  return "\x93NUMPY" + version + length + rest;
}

std::vector<Hostile> hostile_files() {
  using namespace std::string_literals;
  std::string const six = raw(std::vector<double>(6, 1.0));
  std::string const good = npy_dict("<f8", "(3, 2)");
  auto with_dict = [&](std::string const& dict) { return npy_bytes(dict, six); };
  auto with_shape = [&](std::string const& shape) {
    return npy_bytes(npy_dict("<f8", shape), six);
  };
  auto with_type = [&](std::string const& type) {
    return npy_bytes(npy_dict(type, "(3, 2)"), six);
  };
  std::vector<Hostile> files{
      // R41
      {"empty", "", "too short"},
      {"6 bytes", "\x93NUMPY", "too short"},
      {"text", "1.0 2.0 3.0\n4.0 5.0 6.0\n", "no .npy file"},
      {"a zip", "PK\x03\x04 and so on and on", "no .npy file"},
      {"version 0", npy_bytes(good, six, 0), "version is 0.0"},
      {"version 3", npy_bytes(good, six, 3), "version is 3.0"},
      {"version 9", npy_bytes(good, six, 9), "version is 9.0"},
      {"version 1.1", npy_bytes(good, six, 1, 1), "version is 1.1"},
      // R42
      {"header longer than the file", npy_with_length("\1\0"s, "\xff\xff"s, good), "claims 65535"},
      {"header of 10 000 in a short file", npy_with_length("\1\0"s, "\x10\x27"s, good), "shorter"},
      {"header of 4 GiB - 1", npy_with_length("\2\0"s, "\xff\xff\xff\xff"s, good),
       "claims 4294967295"},
      {"version 2 without its length", npy_with_length("\2\0"s, "\x76\0"s, ""), "too early"},
      {"header of no bytes", npy_with_length("\1\0"s, "\0\0"s, six), "'{' is missing"},
      // R43
      {"header over 10 000 bytes", with_dict(good + std::string(10'000, ' ')), "limit is 10000"},
      {"no dict", with_dict("['descr', '<f8']"), "'{' is missing"},
      {"empty dict", with_dict("{}"), "lacks one"},
      {"missing key", with_dict("{'descr': '<f8', 'shape': (3, 2), }"), "lacks one"},
      {"extra key", with_dict("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), 'x': 1}"),
       "has a key 'x'"},
      {"another key", with_dict("{'dtype': '<f8', 'fortran_order': False, 'shape': (3, 2)}"),
       "has a key 'dtype'"},
      {"hostile key", with_dict("{'%n\033[2J': '<f8', 'fortran_order': False, 'shape': (3, 2)}"),
       "'%n\\x1b[2J'"},
      {"duplicate key",
       with_dict("{'descr': '<f8', 'fortran_order': False, 'shape': (9, 9), 'shape': (3, 2)}"),
       "'shape' twice"},
      {"code",
       with_dict("{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (3, 2)}"),
       "dtype"},
      {"arithmetic", with_shape("(1+2, 2)"), "whole numbers"},
      {"nesting", with_dict(std::string(9000, '{')), "key that is no string"},
      {"nested shape", with_shape("((3, 2))"), "whole numbers"},
      {"many brackets", with_shape(std::string(9000, '(')), "whole numbers"},
      {"NUL",
       with_dict(std::string("{'descr': '<f8', \0'fortran_order': False, 'shape': (3, 2)}", 57)),
       "key that is no string"},
      {"NUL behind the dict", with_dict(good + '\0'), "newline"},
      {"two dicts", with_dict(good + good), "newline"},
      {"tab", with_dict("{\t'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)}"), "key"},
      {"comment", with_dict("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)} # x"),
       "newline"},
      {"two commas", with_dict("{'descr': '<f8',, 'fortran_order': False, 'shape': (3, 2)}"),
       "key"},
      {"only a comma", with_dict("{,}"), "key"},
      {"no colon", with_dict("{'descr' '<f8', 'fortran_order': False, 'shape': (3, 2)}"),
       "':' is missing"},
      {"no comma", with_dict("{'descr': '<f8' 'fortran_order': False, 'shape': (3, 2)}"),
       "',' is missing"},
      {"not closed", with_dict("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2)"),
       "',' is missing"},
      {"string not closed", with_dict("{'descr': '<f8, "), "without an end"},
      {"escape", with_dict("{'descr': '\\x3cf8', 'fortran_order': False, 'shape': (3, 2)}"),
       "backslash"},
      {"fortran_order is a number",
       with_dict("{'descr': '<f8', 'fortran_order': 0, 'shape': (3, 2)}"),
       "neither True nor False"},
      {"False and more", with_dict("{'descr': '<f8', 'fortran_order': Falsehood, 'shape': (3, 2)}"),
       "',' is missing"},
      {"Fortran order", with_dict("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 2)}"),
       "Fortran order"},
      // R44
      {"negative", with_shape("(-1,)"), "whole numbers"},
      {"negative of two", with_shape("(-3, -2)"), "whole numbers"},
      {"bool", with_shape("(True, 6)"), "whole numbers"},
      {"float", with_shape("(3.0, 2)"), "whole numbers"},
      {"exponent", with_shape("(3e0, 2)"), "whole numbers"},
      {"hexadecimal", with_shape("(0x3, 2)"), "whole numbers"},
      {"leading zero", with_shape("(03, 2)"), "whole numbers"},
      {"Python 2", with_shape("(3L, 2L)"), "whole numbers"},
      {"underscore", with_shape("(3, 2_)"), "whole numbers"},
      {"string", with_shape("('3', 2)"), "whole numbers"},
      {"list", with_shape("[3, 2]"), "whole numbers"},
      {"a number in brackets", with_shape("(6)"), "whole numbers"},
      {"no commas", with_shape("(3 2)"), "whole numbers"},
      {"only a comma", with_shape("(,)"), "whole numbers"},
      {"two commas", with_shape("(3,, 2)"), "whole numbers"},
      {"product overflow", with_shape("(4294967296, 4294967296)"), "overflows"},
      {"product overflow to the right size", with_shape("(3, 6148914691236517206)"), "overflows"},
      {"overflow in bytes", with_shape("(1152921504606846976, 1)"), "overflows"},
      {"overflow beside a zero", with_shape("(0, 4611686018427387904)"), "overflows"},
      {"number overflow", with_shape("(18446744073709551619, 2)"), "overflows"},
      {"long number", with_shape("(" + std::string(9000, '9') + ", 2)"), "overflows"},
      {"9 dimensions", with_shape("(3, 2, 1, 1, 1, 1, 1, 1, 1)"), "more than 8"},
      {"4000 dimensions", with_shape("(" + std::string(4000, '1') + ")"), "overflows"},
      {"larger than the file", with_shape("(100000000000, 1)"),
       "needs 800000000000 bytes of data, it has 48"},
      {"one dimension", with_shape("(6,)"), "its shape is [6]; wanted is [n, d]"},
      {"no dimension", npy_bytes(npy_dict("<f8", "()"), six.substr(0, 8)), "its shape is []"},
      {"d = 0", npy_bytes(npy_dict("<f8", "(6, 0)"), ""), "its shape is [6, 0]"},
      // R46
      {"no data", npy_bytes(good, ""), "cut off"},
      {"one byte short", npy_bytes(good, six.substr(1)), "cut off"},
      {"one byte more", npy_bytes(good, six + 'x'), "trailing"},
      {"two arrays", npy_bytes(good, six + npy_bytes(good, six)), "trailing"},
      {"data for n = 0", npy_bytes(npy_dict("<f8", "(0, 2)"), six), "trailing"},
  };
  // R45
  for (auto const* type :
       {">f8", ">f4", "=f8", "|O",  "O",       "<f2", "<f16", "<c8",     "<c16", "<i4",  "<i8",
        "<u1", "|b1", "|S8", "<U2", "<M8[ns]", "|V8", "f8",   "float64", " <f8", "<f8 ", ""})
    files.push_back({"type " + std::string(type), with_type(type),
                     "its dtype is '" + std::string(type) + "'; wanted are '<f4' and '<f8'"});
  files.push_back({"structured",
                   with_dict("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (6,)}"),
                   "dtype is structured"});
  files.push_back({"None", with_dict("{'descr': None, 'fortran_order': False, 'shape': (3, 2)}"),
                   "dtype is structured or no string"});
  return files;
}

long peak_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(NpyHostile, FilesAreRefusedByNameAndReason) {
  TemporaryFolder folder;
  auto const path = folder / "x.npy";
  for (auto const& [what, bytes, reason] : hostile_files()) {
    SCOPED_TRACE(what);
    put(path, bytes);
    auto const message = refusal([&] { (void)read_npy(path); });
    EXPECT_TRUE(contains(message, "'" + path.string() + "'"));
    EXPECT_TRUE(contains(message, reason));
    EXPECT_LT(message.size(), 500u);
    EXPECT_EQ(message.find_first_of("\n\033\x93"), std::string::npos);
    EXPECT_TRUE(refuses([&] { (void)read_npy_cube(path); }));
  }
}

TEST(NpyHostile, BigClaimsTakeNoMemory) {
  MemoryFile const file;
  auto claim = [&](std::string const& bytes) {
    return refuses([&] { (void)read_npy(file.holding(bytes)); });
  };
  EXPECT_TRUE(claim(""));  // what the first throw needs
  long const before = peak_kib();
  EXPECT_TRUE(claim(std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12)));
  EXPECT_TRUE(claim(npy_bytes(npy_dict("<f8", "(100000000000, 1)"), "")));
  EXPECT_TRUE(claim(npy_bytes(npy_dict("<f4", "(10000, 10000)"), std::string(100, 'x'))));
  EXPECT_LT(peak_kib() - before, 1024);
}

TEST(NpyHostile, NotFiniteValuesAreNamedWithTheirRow) {
  TemporaryFolder folder;
  double const nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  auto message = [&](std::vector<double> const& values) {
    return refusal([&] {
      (void)read_npy(put(folder / "x.npy", npy_bytes(npy_dict("<f8", "(3, 2)"), raw(values))));
    });
  };
  EXPECT_TRUE(
      contains(message({0, 1, 2, 3, 4, nan}), "its row 2 (entry [2, 1], counted from 0) is NaN"));
  EXPECT_TRUE(contains(message({0, 1, inf, 3, 4, nan}),
                       "its row 1 (entry [1, 0], counted from 0) is infinite"));
  EXPECT_TRUE(contains(message({-inf, 1, 2, 3, 4, 5}),
                       "its row 0 (entry [0, 0], counted from 0) is -infinite"));

  std::vector<float> floats(40'000, 1.0f);  // behind the first piece that is widened
  floats[39'999] = std::nanf("");
  EXPECT_TRUE(contains(refusal([&] {
                         (void)read_npy(put(folder / "x.npy",
                                            npy_bytes(npy_dict("<f4", "(40000, 1)"), raw(floats))));
                       }),
                       "row 39999 "));
  EXPECT_TRUE(contains(refusal([&] {
                         (void)read_npy_cube(
                             put(folder / "x.npy",
                                 npy_bytes(npy_dict("<f4", "(2, 10000, 2)"), raw(floats))));
                       }),
                       "row 9999 (entry [1, 9999, 1]"));
}

TEST(NpyHostile, EveryPrefixOfAValidFileIsRefused) {
  MemoryFile file;
  std::string const whole = npy_bytes(npy_dict("<f4", "(2, 3)"), raw(std::vector<float>(6, 1.0f)));
  EXPECT_EQ(read_npy(file.holding(whole)).rows, 2);
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_TRUE(refuses([&] { (void)read_npy(file.holding(whole.substr(0, size))); })) << size;
}

TEST(NpyHostile, AnyChangedByteOfTheHeaderIsRefusedOrHarmless) {
  MemoryFile file;
  std::string const whole = npy_bytes(npy_dict("<f8", "(2, 3)"), raw(std::vector<double>(6, 1.0)));
  int harmless = 0;
  for (std::size_t i = 0; i < whole.size() - 48; ++i)
    for (int byte = 0; byte < 256; byte += i < 80 ? 1 : 15) {  // the padding is all alike
      std::string changed = whole;
      changed[i] = static_cast<char>(byte);
      if (changed == whole) continue;
      try {
        NpyArray const array = read_npy(file.holding(changed));
        EXPECT_EQ(array.values, std::vector<double>(6, 1.0));
        EXPECT_EQ(array.rows * array.columns, 6);
        ++harmless;
      } catch (Error const& error) {
        EXPECT_EQ(error.fault(), Fault::file);
      }
    }
  EXPECT_LT(harmless, 20);  // such as a space that becomes the newline's neighbour
}

TEST(NpyHostile, AFileThatShrinksWhileItIsReadIsRefused) {
  TemporaryFolder folder;
  auto const path = folder / "x.npy";
  std::string const whole =
      npy_bytes(npy_dict("<f4", "(500000, 1)"), raw(std::vector<float>(500'000, 1.0f)));
  for (int round = 0; round < 30; ++round) {
    put(path, whole);
    std::thread shrink([&] { EXPECT_EQ(::truncate(path.c_str(), 4096 * (round + 1)), 0); });
    try {
      EXPECT_EQ(read_npy(path).values, std::vector<double>(500'000, 1.0));
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::file);
    }
    shrink.join();
  }
}

}  // namespace
}  // namespace retrace::test
