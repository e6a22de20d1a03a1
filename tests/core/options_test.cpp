// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/options.hpp>
#include <retrace/core/registry.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;

std::string real_error(std::string_view text, Range range = {}) {
  return argument_error([&] { (void)parse_real("--eta", text, range); });
}

TEST(Range, KnowsItsEnds) {
  Range const closed{.low = 0, .high = 1};
  EXPECT_TRUE(closed.holds(0) && closed.holds(0.5) && closed.holds(1));
  EXPECT_FALSE(closed.holds(std::nextafter(0.0, -1.0)) || closed.holds(std::nextafter(1.0, 2.0)));
  EXPECT_FALSE(Range::positive().holds(0));
  EXPECT_TRUE(Range::positive().holds(std::numeric_limits<double>::denorm_min()));
  EXPECT_TRUE(Range::at_least(2).holds(2));
  EXPECT_FALSE(Range::at_least(2).holds(1.999));
}

TEST(Range, NeverHoldsWhatIsNotFinite) {
  for (Range range : {Range{}, Range::positive(), Range::at_least(0), Range{.low = 0, .high = 1}})
    for (double bad :
         {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
          -std::numeric_limits<double>::infinity()})
      EXPECT_FALSE(range.holds(bad)) << range.text();
}

TEST(Range, IsWrittenAsAnInterval) {
  EXPECT_EQ((Range{.low = 0, .high = 1}.text()), "[0, 1]");
  EXPECT_EQ(Range::positive().text(), "(0, inf)");
  EXPECT_EQ(Range::at_least(0.5).text(), "[0.5, inf)");
  EXPECT_EQ(Range{}.text(), "(-inf, inf)");
  EXPECT_EQ((Range{.low = 0, .high = 0.1, .low_end = Range::Low::open}.text()), "(0, 0.1]");
}

TEST(ParseReal, ReadsWholeNumbersOnly) {
  EXPECT_EQ(parse_real("--eta", "0.25"), 0.25);
  EXPECT_EQ(parse_real("--eta", "-1e-3"), -1e-3);
  EXPECT_EQ(parse_real("--eta", "7"), 7);
  EXPECT_EQ(parse_real("--eta", "1e-300"), 1e-300);
  for (char const* text : {"", " ", "x", "1x", "1 ", " 1", "1,5", "0x10", "--1", "1e", "1e400",
                           "-1e400", "nan", "NaN", "inf", "-inf", "infinity"})
    EXPECT_FALSE(real_error(text).empty()) << text;
}

TEST(ParseReal, NamesOptionTextAndRange) {
  EXPECT_EQ(real_error("1.5", {.low = 0, .high = 1}),
            "--eta cannot be '1.5'; it takes a number in [0, 1]");
  EXPECT_EQ(real_error("\x1b", Range::positive()),
            "--eta cannot be '\\x1b'; it takes a number in (0, inf)");
}

TEST(ParseInteger, ReadsItsRangeAndNothingElse) {
  EXPECT_EQ(parse_integer("--steps", "1", 1, 10), 1);
  EXPECT_EQ(parse_integer("--steps", "10", 1, 10), 10);
  EXPECT_EQ(parse_integer("--steps", "-9223372036854775808"),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(parse_integer("--steps", "9223372036854775807"),
            std::numeric_limits<std::int64_t>::max());
  for (char const* text : {"", "0", "11", "1.0", "1e1", "five", "9223372036854775808", "-1", "1 "})
    EXPECT_EQ(argument_error([&] { (void)parse_integer("--steps", text, 1, 10); }),
              "--steps cannot be " + quoted(text) + "; it takes a number in [1, 10]");
}

/// R66.
TEST(ParseSeed, ReadsAllSixtyFourBits) {
  EXPECT_EQ(parse_seed("--seed", "0"), 0u);
  EXPECT_EQ(parse_seed("--seed", "18446744073709551615"),
            std::numeric_limits<std::uint64_t>::max());
  for (char const* text : {"-1", "18446744073709551616", "", "0x1", "1.5"})
    EXPECT_NE(
        argument_error([&] { (void)parse_seed("--seed", text); }).find("[0, 18446744073709551615]"),
        std::string::npos)
        << text;
}

TEST(Spec, TakesNameAndOptionsApart) {
  using Options = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(Spec::parse("vp").name, "vp");
  EXPECT_TRUE(Spec::parse("vp").options.empty());
  Spec const spec = Spec::parse("karras:rho=7,final=zero");
  EXPECT_EQ(spec.name, "karras");
  EXPECT_EQ(spec.options, (Options{{"rho", "7"}, {"final", "zero"}}));
  // Only the first '=' and ':' part; the rest is the option's to judge.
  EXPECT_EQ(Spec::parse("a:b=c=d:e").options, (Options{{"b", "c=d:e"}}));
  EXPECT_EQ(Spec::parse("a:b=").options, (Options{{"b", ""}}));
}

TEST(Spec, RefusesWhatIsNoSpec) {
  for (char const* text : {"", ":", ":rho=7", "karras:", "karras:rho", "karras:=7", "karras:rho=7,",
                           "karras:,rho=7", "karras:rho=7,,final=eps", "karras:rho=7,rho=7"})
    EXPECT_FALSE(argument_error([&] { (void)Spec::parse(text); }).empty()) << text;
}

enum class Colour { red, green };

struct Thing {
  double size = 1.5;
  std::int64_t count = 3;
  Colour colour = Colour::green;
  static std::vector<Option<Thing>> options() {
    return {real_option("size", &Thing::size, Range::positive(), "how large"),
            integer_option("count", &Thing::count, 1, 9, "how many"),
            choice_option("colour", &Thing::colour,
                          {{"red", Colour::red}, {"green", Colour::green}}, "which")};
  }
  void check() const {
    if (size > static_cast<double>(count))
      throw Error(Fault::argument, "size must not exceed count");
  }
};

std::string thing_error(std::string_view text) {
  return argument_error([&] { (void)from_spec<Thing>(Spec::parse(text)); });
}

TEST(Options, AreSetFromTextAndReadBack) {
  Thing const thing = from_spec<Thing>(Spec::parse("thing:colour=red,size=2.5"));
  EXPECT_EQ(thing.size, 2.5);
  EXPECT_EQ(thing.count, 3);
  EXPECT_EQ(thing.colour, Colour::red);
  std::vector<std::pair<std::string, OptionValue>> const expected{
      {"size", 2.5}, {"count", std::int64_t{3}}, {"colour", std::string("red")}};
  EXPECT_EQ(option_values(thing), expected);
}

TEST(Options, TakeTheirDefaultsFromTheMembers) {
  auto const infos = option_infos<Thing>();
  ASSERT_EQ(infos.size(), 3u);
  EXPECT_EQ(infos[0].name, "size");
  EXPECT_EQ(infos[0].range, "(0, inf)");
  EXPECT_EQ(infos[0].fallback, OptionValue{1.5});
  EXPECT_EQ(infos[1].range, "[1, 9]");
  EXPECT_EQ(infos[1].fallback, OptionValue{std::int64_t{3}});
  EXPECT_EQ(infos[2].range, "red | green");
  EXPECT_EQ(infos[2].fallback, OptionValue{std::string("green")});
}

TEST(Options, AreRefusedByName) {
  EXPECT_EQ(thing_error("thing:colour=gren"),
            "unknown value of colour 'gren'; did you mean 'green'?");
  EXPECT_EQ(thing_error("thing:color=red"),
            "unknown option of thing 'color'; did you mean 'colour'?");
  EXPECT_EQ(thing_error("thing:count=10"), "count cannot be '10'; it takes a number in [1, 9]");
  EXPECT_EQ(thing_error("thing:size=0"), "size cannot be '0'; it takes a number in (0, inf)");
}

TEST(Options, AreCheckedTogetherAfterAllAreSet) {
  EXPECT_EQ(thing_error("thing:size=5"), "size must not exceed count");
  EXPECT_EQ(thing_error("thing:size=5,count=6"), "");
}

TEST(Registry, FindsEntriesAndSuggestsTheNearest) {
  std::vector<Entry<Thing>> const entries{
      {"thing", "", "", option_infos<Thing>(), [](Spec const& s) { return from_spec<Thing>(s); }},
      {"other", "", "", {}, [](Spec const&) { return Thing{}; }}};
  EXPECT_EQ(find_entry("object", "thing", entries).make(Spec::parse("thing:count=7")).count, 7);
  EXPECT_EQ(argument_error([&] { (void)find_entry("object", "thign", entries); }),
            "unknown object 'thign'; did you mean 'thing'?");
}

}  // namespace
}  // namespace retrace
