// SPDX-License-Identifier: Apache-2.0
#include "support/files.hpp"
#include "support/safetensors_bytes.hpp"

#include <retrace/io/safetensors.hpp>

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace retrace::test {
namespace {

struct Hostile {
  std::string what, bytes, reason;
};

std::string const eight = "12345678";

std::string with(std::string const& inside, std::string const& data = eight) {
  return safetensors_bytes("{" + inside + "}", data);
}
std::string with_offsets(std::string const& offsets) {
  return with(tensor_text("w", "F32", "[2]", offsets));
}
std::string with_shape(std::string const& shape) {
  return with(tensor_text("w", "F32", shape, "[0,8]"));
}

std::vector<Hostile> hostile_files() {
  std::string const good = tensor_text("w", "F32", "[2]", "[0,8]");
  auto const length = [&](std::uint64_t n) {
    return safetensors_bytes("{" + good + "}", eight, n);
  };
  return {
      // R47
      {"empty", "", "too short"},
      {"seven bytes", "1234567", "too short"},
      {"length 0", length(0), "0 bytes long"},
      {"length 1", length(1), "1 bytes long"},
      {"longer than the file", length(eight.size() + good.size() + 3), "the file has"},
      {"length 100 MB + 1", length(100'000'001), "100000001 bytes long"},
      {"length 2^63", length(std::uint64_t{1} << 63), "9223372036854775808 bytes long"},
      {"length 2^64 - 1", length(~std::uint64_t{0}), "18446744073709551615 bytes long"},
      {"length 2^64 - 8", length(~std::uint64_t{7}), "bytes long"},
      // R48
      {"not UTF-8", with("\"\xff\":" + good.substr(4)), "no JSON"},
      {"overlong UTF-8", with("\"\xc0\x80\":" + good.substr(4)), "no JSON"},
      {"no JSON", safetensors_bytes("{hello}", ""), "no JSON"},
      {"a list", safetensors_bytes("[]", ""), "does not begin with {"},
      {"a number", safetensors_bytes("17", ""), "does not begin with {"},
      {"a space first", safetensors_bytes(" {}", ""), "does not begin with {"},
      {"two objects", safetensors_bytes("{}{}", ""), "no JSON"},
      {"text behind", safetensors_bytes("{} x", ""), "no JSON"},
      {"cut off", safetensors_bytes("{" + good, eight), "no JSON"},
      {"comment", with("/* */" + good), "no JSON"},
      {"comma behind", with(good + ","), "no JSON"},
      {"NUL byte", safetensors_bytes(std::string("{}\0", 3), ""), "NUL"},
      // R49
      {"overlap",
       with(tensor_text("a", "U8", "[5]", "[0,5]") + "," + tensor_text("b", "U8", "[4]", "[4,8]")),
       "'b' has data_offsets [4, 8]; they overlap: expected is 5"},
      {"the same twice", with(good + "," + tensor_text("x", "F32", "[2]", "[0,8]")), "overlap"},
      {"gap",
       with(tensor_text("a", "U8", "[3]", "[0,3]") + "," + tensor_text("b", "U8", "[4]", "[4,8]")),
       "'b' has data_offsets [4, 8]; there is a gap: expected is 3"},
      {"not from 0", with(tensor_text("w", "U8", "[7]", "[1,8]")), "gap"},
      {"not to the end", with(tensor_text("w", "U8", "[7]", "[0,7]")), "end at byte 7"},
      {"data without tensors", safetensors_bytes("{}", eight), "end at byte 0"},
      {"reversed", with_offsets("[8,0]"), "reversed"},
      {"out of range", with_offsets("[0,16]"), "the file has 8 bytes"},
      {"2^64 - 1", with_offsets("[0,18446744073709551615]"), "the file has 8 bytes"},
      {"2^64", with_offsets("[0,18446744073709551616]"), "not whole, or 2^64"},
      {"beyond 2^53, rounded by doubles", with_offsets("[0,9007199254740993]"),
       "[0, 9007199254740993]"},
      {"negative", with_offsets("[-1,8]"), "negative"},
      {"minus zero", with_offsets("[-0,8]"), "negative"},
      {"fraction", with_offsets("[0,8.0]"), "not whole"},
      {"exponent", with_offsets("[0,8e0]"), "not whole"},
      {"text", with_offsets("[0,\"8\"]"), "a text in data_offsets"},
      {"one offset", with_offsets("[8]"), "not two numbers"},
      {"three offsets", with_offsets("[0,4,8]"), "a number in data_offsets"},
      {"no list", with_offsets("8"), "a number as data_offsets"},
      {"null", with_offsets("null"), "null as data_offsets"},
      // R50
      {"too small", with_shape("[1]"), "shape [1] of F32 needs 4 bytes, found are 8"},
      {"too large", with_shape("[3]"), "needs 12 bytes"},
      {"overflow to the right size", with_shape("[2,9223372036854775807]"), "overflows"},
      {"overflow of two", with_shape("[4294967296,4294967296]"), "overflows"},
      {"overflow in bytes", with_shape("[4611686018427387906]"), "overflows"},
      {"overflow beside a zero", with_shape("[0,4611686018427387906,8]"), "overflows"},
      {"size 2^63", with_shape("[9223372036854775808]"), "overflows"},
      {"negative size", with_shape("[-2]"), "negative number in shape"},
      {"size is a fraction", with_shape("[2.0]"), "in shape"},
      {"size is a truth value", with_shape("[true,2]"), "truth value in shape"},
      {"nested size", with_shape("[[2]]"), "a list in shape"},
      {"shape is an object", with_shape("{}"), "an object as shape"},
      {"9 dimensions", with_shape("[2,1,1,1,1,1,1,1,1]"), "more than 8"},
      // R51
      {"tensor twice", with(good + "," + good), "'w' twice"},
      {"tensor twice, once escaped", with(good + ",\"\\u0077\":" + good.substr(4)), "'w' twice"},
      {"field twice", with("\"w\":{\"dtype\":\"F32\",\"dtype\":\"F32\"," + good.substr(19)),
       "'w' has the field dtype twice"},
      {"metadata twice", with("\"__metadata__\":{},\"__metadata__\":{}," + good),
       "'__metadata__' twice"},
      {"key of metadata twice", with("\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}," + good),
       "__metadata__ has 'a' twice"},
      // R52
      {"NUL in a name", with("\"a\\u0000b\":" + good.substr(4)), "NUL"},
      {"NUL in a key of metadata", with("\"__metadata__\":{\"\\u0000\":\"\"}," + good), "NUL"},
      {"a name of 1 MiB", with("\"" + std::string(1 << 20, 'w') + "\":" + good.substr(4)),
       "1048576 bytes long"},
      // R53
      {"nested lists", safetensors_bytes("{\"w\":" + std::string(100'000, '['), ""), "a list"},
      {"nested objects",
       [] {
         std::string deep = "{";
         for (int i = 0; i < 100'000; ++i) deep += "\"w\":{";
         return safetensors_bytes(deep, "");
       }(),
       "w"},
      {"a number of 1e6 digits", with_offsets("[0," + std::string(1'000'000, '9') + "]"),
       "no JSON"},
      {"lone surrogate", with("\"\\ud800\":" + good.substr(4)), "no JSON"},
      // R54
      {"metadata are a text", with("\"__metadata__\":\"x\"," + good), "__metadata__ is a text"},
      {"metadata are null", with("\"__metadata__\":null," + good), "__metadata__ is null"},
      {"metadata are a list", with("\"__metadata__\":[]," + good), "__metadata__ is a list"},
      {"metadata with a number", with("\"__metadata__\":{\"a\":1}," + good), "a number as 'a'"},
      {"metadata with an object", with("\"__metadata__\":{\"a\":{}}," + good), "an object as 'a'"},
      {"metadata with null", with("\"__metadata__\":{\"a\":null}," + good), "null as 'a'"},
      {"unknown dtype", with(tensor_text("w", "F33", "[2]", "[0,8]")), "'w' has the dtype 'F33'"},
      {"small letters", with(tensor_text("w", "f32", "[2]", "[0,8]")), "'w' has the dtype 'f32'"},
      {"dtype is a number", with("\"w\":{\"dtype\":32," + good.substr(19)), "a number as dtype"},
      {"no dtype", with("\"w\":{" + good.substr(19)), "'w' has no dtype"},
      {"no shape", with("\"w\":{\"dtype\":\"F32\",\"data_offsets\":[0,8]}"), "'w' has no shape"},
      {"no offsets", with("\"w\":{\"dtype\":\"F32\",\"shape\":[2]}"), "'w' has no data_offsets"},
      {"another field", with("\"w\":{\"x\":1," + good.substr(5)), "'w' has a field 'x'"},
      {"tensor is null", with("\"w\":null"), "'w' is null"},
      {"tensor is a list", with("\"w\":[]"), "'w' is a list"},
  };
}

long peak_kib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

TEST(SafetensorsHostile, FilesAreRefusedByNameAndReason) {
  TemporaryFolder const folder;
  auto const path = folder / "m.safetensors";
  for (auto const& [what, bytes, reason] : hostile_files()) {
    SCOPED_TRACE(what);
    put(path, bytes);
    auto const message = refusal([&] { SafetensorsFile{path}; });
    EXPECT_TRUE(contains(message, "'" + path.string() + "'"));
    EXPECT_TRUE(contains(message, reason));
    EXPECT_LT(message.size(), 500u);
    EXPECT_EQ(message.find_first_of("\n\033\xff"), std::string::npos);
  }
}

TEST(SafetensorsHostile, BigClaimsTakeNoMemory) {
  MemoryFile const memory;
  auto const claim = [&](std::string const& bytes) {
    return refuses([&] { SafetensorsFile{memory.holding(bytes)}; });
  };
  EXPECT_TRUE(claim(""));
  long const before = peak_kib();
  EXPECT_TRUE(claim(safetensors_bytes("{}", "", 99'000'000)));
  EXPECT_TRUE(claim(with(tensor_text("w", "F64", "[100000000000]", "[0,800000000000]"))));
  EXPECT_TRUE(claim(with(tensor_text("w", "F64", "[100000000000]", "[0,8]"))));
  EXPECT_LT(peak_kib() - before, 1024);
}

/// R52: as many as fit into a header of 60 MB.
TEST(SafetensorsHostile, AMillionTensorsAreReadOrRefusedSoon) {
  MemoryFile const memory;
  std::string header = "{";
  for (int i = 0; i < 1'100'000; ++i)
    header += (i == 0 ? "" : ",") + tensor_text(std::to_string(i), "U8", "[0]", "[0,0]");
  auto const start = std::chrono::steady_clock::now();
  auto const path = memory.holding(safetensors_bytes(header + "}", ""));
  EXPECT_TRUE(contains(refusal([&] { SafetensorsFile{path}; }), "more than 1048576 tensors"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

/// R53: on a stack of 64 KiB.
TEST(SafetensorsHostile, NestingNeedsNoStack) {
  MemoryFile const memory;
  auto const path = memory.holding(safetensors_bytes("{\"w\":" + std::string(1'000'000, '['), ""));
  bool refused = false;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, std::size_t{1} << 16);
  struct Work {
    std::filesystem::path const* path;
    bool* refused;
  } work{&path, &refused};
  pthread_t thread{};
  ASSERT_EQ(pthread_create(
                &thread, &attributes,
                [](void* of) -> void* {
                  auto const* const mine = static_cast<Work*>(of);
                  *mine->refused = refuses([&] { SafetensorsFile{*mine->path}; });
                  return nullptr;
                },
                &work),
            0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  EXPECT_TRUE(refused);
}

TEST(SafetensorsHostile, AnyChangedByteOfTheHeaderIsRefusedOrHarmless) {
  MemoryFile const memory;
  std::string const whole =
      with("\"__metadata__\":{\"a\":\"b\"}," + tensor_text("w", "F32", "[2]", "[0,8]"));
  for (std::size_t i = 0; i < whole.size() - eight.size(); ++i)
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = whole;
      changed[i] = static_cast<char>(byte);
      try {
        SafetensorsFile const file(memory.holding(changed));
        EXPECT_EQ(file.tensors().size(), 1u);
      } catch (Error const& error) {
        EXPECT_EQ(error.fault(), Fault::file);
      }
    }
}

TEST(SafetensorsHostile, AFileThatShrinksWhileItIsReadIsRefused) {
  TemporaryFolder const folder;
  auto const path = folder / "m.safetensors";
  std::string const whole = safetensors_bytes(
      "{" + tensor_text("w", "F32", "[500000]", "[0,2000000]") + "}", std::string(2'000'000, '\0'));
  for (int round = 0; round < 30; ++round) {
    put(path, whole);
    std::thread shrink([&] { EXPECT_EQ(::truncate(path.c_str(), 4096 * (round + 1)), 0); });
    try {
      EXPECT_EQ(SafetensorsFile(path).values("w"), std::vector<double>(500'000, 0.0));
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::file);
    }
    shrink.join();
  }
}

}  // namespace
}  // namespace retrace::test
