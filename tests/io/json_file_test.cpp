// SPDX-License-Identifier: Apache-2.0
#include "support/files.hpp"

#include <retrace/io/json_file.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <string>

namespace retrace::test {
namespace {

nlohmann::json json_of(std::string_view text) {
  TemporaryFolder folder;
  return read_json(put(folder / "m.json", text));
}

std::string json_refusal(std::string_view text) {
  auto const message = refusal([&] { (void)json_of(text); });
  EXPECT_TRUE(contains(message, "m.json'"));
  EXPECT_LT(message.size(), 400u);
  EXPECT_EQ(message.find_first_of("\n\033"), std::string::npos);
  return message;
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

TEST(JsonFile, ReadsAMixture) {
  auto const json = json_of(
      "{\"weights\": [0.25, 0.75], \"means\": [[1, 2], [-3e-1, 4]], \"name\": \"\xc3\xa9 "
      "{[\\\"\"}\n");
  EXPECT_EQ(json.at("weights").get<std::vector<double>>(), (std::vector<double>{0.25, 0.75}));
  EXPECT_EQ(json.at("means")[1][0].get<double>(), -0.3);
  EXPECT_EQ(json.at("name").get<std::string>(), "\xc3\xa9 {[\"");
}

TEST(JsonFile, ReadsEightLevelsAndNoMore) {
  EXPECT_TRUE(json_of(nested(8)).is_array());
  EXPECT_TRUE(contains(json_refusal(nested(9)), "nested deeper than 8"));
  EXPECT_TRUE(contains(json_refusal(std::string(10'000'000, '[')), "nested deeper than 8"));
  EXPECT_TRUE(json_of("\"" + std::string(1000, '[') + "\"").is_string());
  EXPECT_EQ(json_of("[" + nested(7) + "," + nested(7) + "]").size(), 2u);
}

TEST(JsonFile, NamesThePositionOfMistakes) {
  EXPECT_TRUE(contains(json_refusal("{\n  \"a\": nul,\n}"), "line 2, column 11: invalid literal"));
  EXPECT_TRUE(contains(json_refusal("{\"a\": 1,}"), "line 1, column 9: "));
  EXPECT_TRUE(contains(json_refusal(""), "line 1, column 1: unexpected end of input"));
  EXPECT_TRUE(contains(json_refusal("[1] 2"), "line 1, column 5: "));
  EXPECT_TRUE(contains(json_refusal("[1e999]"), "line 1, column 6: a number is out of range"));
  EXPECT_TRUE(contains(json_refusal("[1" + std::string(100'000, '0') + "]"), "out of range"));
  EXPECT_TRUE(contains(json_refusal("[\"" + std::string(100'000, 'x')), "missing closing quote"));
}

TEST(JsonFile, RefusesWhatIsNoJson) {
  for (std::string_view text :
       {"NaN", "[Infinity]", "{'a': 1}", "[1,]", "[01]", "[+1]", "[.5]", "// x\n1", "/* x */ 1",
        "[\"\t\"]", "{\"a\" 1}", "{1: 1}", "\xff\xfe{}", "[\"\\ud800\"]"})
    (void)json_refusal(text);
}

TEST(JsonFile, RefusesInvalidUtf8AndNul) {
  EXPECT_TRUE(
      contains(json_refusal("[\"\xff\"]"), "line 1, column 3: invalid string: ill-formed UTF-8"));
  EXPECT_TRUE(contains(json_refusal("[\"\xc0\xaf\"]"), "UTF-8"));
  EXPECT_TRUE(contains(json_refusal("[\"\xed\xa0\x80\"]"), "UTF-8"));
  EXPECT_TRUE(
      contains(json_refusal(std::string_view("{}\n\0{", 5)), "line 2, column 1: a NUL byte"));
}

TEST(JsonFile, RefusesDuplicateKeysByName) {
  EXPECT_TRUE(contains(json_refusal("{\"a\": 1, \"b\": 2, \"a\": 1}"), "the key 'a' twice"));
  EXPECT_TRUE(contains(json_refusal("[{\"x\": {\"\\u0061\": 1, \"a\": 2}}]"), "the key 'a' twice"));
  EXPECT_TRUE(contains(json_refusal("{\"\\u001b\": 1, \"\\u001b\": 1}"), "'\\x1b' twice"));
  EXPECT_EQ(json_of("[{\"a\": 1}, {\"a\": {\"a\": 2}}]").size(), 2u);
}

TEST(JsonFile, RefusesEveryPrefix) {
  std::string const whole = "{\"weights\": [1.5e0, -2], \"b\": {\"c\": [true, null, \"\\u00e9\"]}}";
  for (std::size_t size = 0; size < whole.size(); ++size) (void)json_refusal(whole.substr(0, size));
  EXPECT_TRUE(json_of(whole).is_object());
}

TEST(JsonFile, RefusesHugeFilesBySizeAndManyValues) {
  TemporaryFolder folder;
  put(folder / "m.json", "1");
  ASSERT_EQ(::truncate((folder / "m.json").c_str(), (64 << 20) + 1), 0);
  EXPECT_TRUE(
      contains(refusal([&] { (void)read_json(folder / "m.json"); }), "the limit is 64 MiB"));
  std::string many = "[0";
  for (int i = 0; i < 1 << 22; ++i) many += ",0";
  EXPECT_TRUE(contains(json_refusal(many + "]"), "more than 4194304 values"));
}

TEST(JsonFile, ReadsLongNumbersWithoutTrouble) {
  EXPECT_EQ(json_of("[0." + std::string(100'000, '0') + "1]")[0].get<double>(), 0.0);
  EXPECT_EQ(json_of("[123456789012345678901234567890]")[0].get<double>(),
            123456789012345678901234567890.0);
  EXPECT_EQ(json_of("[1e-999]")[0].get<double>(), 0.0);
}

}  // namespace
}  // namespace retrace::test
