// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/nearest.hpp>

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace retrace {
namespace {

std::vector<std::string_view> const names{"euler-maruyama", "ancestral", "ddim", "heun",
                                          "edm-heun",       "dpmpp-2m",  "rk4",  "dpmpp-2s"};

std::string unknown(std::string_view name, std::vector<std::string_view> const& known) {
  try {
    throw_unknown("sampler", name, known);
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::argument);
    return error.what();
  }
}

TEST(Nearest, FindsEveryNameItself) {
  for (auto name : names) EXPECT_EQ(nearest(name, names), name);
}

TEST(Nearest, ForgivesOneSlip) {
  EXPECT_EQ(nearest("huen", names), "heun");   // neighbours swapped
  EXPECT_EQ(nearest("hen", names), "heun");    // one left out
  EXPECT_EQ(nearest("heunn", names), "heun");  // one too many
  EXPECT_EQ(nearest("hevn", names), "heun");   // one replaced
  EXPECT_EQ(nearest("HEUN", names), "heun");   // case
  EXPECT_EQ(nearest("DDIM", names), "ddim");
  EXPECT_EQ(nearest("euler_maruyama", names), "euler-maruyama");
  EXPECT_EQ(nearest("dpmpp2m", names), "dpmpp-2m");
}

TEST(Nearest, CountsASwapAsOneEdit) {
  // "ab" to "ba": one swap, against two replacements to "xy".
  EXPECT_EQ(nearest("ab", std::vector<std::string_view>{"xyz", "ba"}), "ba");
  EXPECT_EQ(nearest("abcd", std::vector<std::string_view>{"abxy", "bacd"}), "bacd");
}

TEST(Nearest, TakesTheFirstOfEquals) {
  EXPECT_EQ(nearest("dpmpp-2x", names), "dpmpp-2m");
  EXPECT_EQ(nearest("", std::vector<std::string_view>{"ab", "cd"}), "ab");
}

TEST(Nearest, AnswersAtOnceForHostileNames) {
  EXPECT_FALSE(nearest(std::string(std::size_t{1} << 26, 'h'), names).empty());
}

TEST(ThrowUnknown, RepeatsTheNameAndSuggestsOne) {
  EXPECT_EQ(unknown("huen", names), "unknown sampler 'huen'; did you mean 'heun'?");
  EXPECT_EQ(unknown("he\nun", names), "unknown sampler 'he\\x0aun'; did you mean 'heun'?");
  EXPECT_LT(unknown(std::string(1000, 'x'), names).size(), 200u);
}

TEST(ThrowUnknown, SaysSoWhereThereIsNothingToChoose) {
  EXPECT_EQ(unknown("eta", {}), "unknown sampler 'eta'; there is none to choose from");
}

}  // namespace
}  // namespace retrace
