// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <string>
#include <vector>

namespace retrace::test {
namespace {

std::string const sample = "sample --target swiss-roll --sde vp --sampler ddim --out x.npy ";

/// The lines after `Example:`, without their first word.
std::vector<std::string> examples_of(std::string const& help) {
  std::istringstream lines(help.substr(help.rfind("Example:")));
  std::vector<std::string> examples;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::string const start = "  retrace ";
    EXPECT_TRUE(line.starts_with(start)) << line;
    examples.push_back(line.substr(start.size()));
  }
  return examples;
}

TEST(CommandLine, WithoutACommandPrintsTheUsage) {
  TemporaryFolder const folder;
  Outcome const outcome = run(folder.path(), Line{});
  EXPECT_EQ(outcome.status, 2);
  for (char const* command : {"list", "schedule", "score", "sample", "train", "compare"})
    EXPECT_TRUE(contains(outcome.err, command));
}

TEST(CommandLine, KnowsItsVersion) {
  TemporaryFolder const folder;
  Outcome const outcome = run(folder.path(), "--version");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_TRUE(outcome.out.starts_with("retrace "));
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '.'), 2) << outcome.out;
}

TEST(CommandLine, HelpNamesWhatIsThereAndItsExamplesRun) {
  for (std::string const command :
       {"", "list", "schedule", "score", "sample", "train", "compare"}) {
    SCOPED_TRACE(command);
    TemporaryFolder const folder;
    Outcome const help = run(folder.path(), command + " --help");
    EXPECT_EQ(help.status, 0);
    EXPECT_EQ(help.err, "");
    auto const examples = examples_of(help.out);
    EXPECT_FALSE(examples.empty());
    for (std::string const& example : examples) {
      TemporaryFolder const alone;
      Outcome const outcome = run(alone.path(), example);
      EXPECT_EQ(outcome.status, 0) << example << "\n" << outcome.err;
      EXPECT_NE(outcome.out, "");
    }
  }
  TemporaryFolder const folder;
  std::string const help = run(folder.path(), "sample --help").out;
  for (char const* name : {"dpmpp-2m", "rectified-flow", "karras", "eight-gaussians", "name"})
    EXPECT_TRUE(contains(help, name));
}

TEST(CommandLine, RepeatsUnknownNamesAndSuggestsTheNearest) {
  TemporaryFolder const folder;
  expect_refusal(folder, "smaple", 2, {"'smaple'", "did you mean 'sample'?"});
  expect_refusal(folder, "--versoin", 2, {"'--versoin'", "did you mean '--version'?"});
  expect_refusal(folder, "list smaplers", 2, {"'smaplers'", "did you mean 'samplers'?"});
  expect_refusal(folder, "list --jsno", 2, {"'--jsno'", "did you mean '--json'?"});
  expect_refusal(folder, "list --jsno=3", 2, {"'--jsno'", "did you mean '--json'?"});
  expect_refusal(folder, sample + "--stpes 20", 2, {"'--stpes'", "did you mean '--steps'?"});
  expect_refusal(folder, sample + "--steps 3 --grid karas", 2, {"'karas'", "'karras'?"});
  expect_refusal(folder, sample + "--steps 3 --grid karras:roh=3", 2, {"'roh'", "'rho'?"});
  expect_refusal(folder, sample + "--steps 3 --grid karras:final=zreo", 2, {"'zreo'", "'zero'?"});
  expect_refusal(folder, sample + "--steps 3 --precision f46", 2, {"'f46'", "'f64'?"});
  expect_refusal(folder, "schedule --sde vq --t 1", 2, {"'vq'", "did you mean 'vp'?"});
  expect_refusal(folder, "schedule --sde vp:bta_min=1 --t 1", 2, {"'bta_min'", "'beta_min'?"});
  expect_refusal(folder, "sample --target swissroll --sde vp --sampler ddim --steps 3 --out x", 2,
                 {"'swissroll'", "did you mean 'swiss-roll'?"});
  expect_refusal(folder, "sample --target moons --sde vp --sampler dimm --steps 3 --out x", 2,
                 {"'dimm'", "did you mean 'ddim'?"});
  expect_refusal(folder, "sample --target moons --sde vp --sampler ddim:eat=1 --steps 3 --out x", 2,
                 {"'eat'", "did you mean 'eta'?"});
}

TEST(CommandLine, NamesTheRangeOfWrongNumbers) {
  TemporaryFolder const folder;
  for (char const* wrong :
       {"0", "-1", "67108865", "1e3", "3.5", "x", "0x10", "+3", "nan", "99999999999999999999"})
    expect_refusal(folder, sample + "--steps " + wrong, 2, {"--steps", "[1, 67108864]", wrong});
  for (char const* wrong : {"-1", "1.5", "nan", "inf", "1e400", "x", "--"})
    for (char const* option : {"--to", "--from"})
      expect_refusal(folder, sample + "--steps 4 " + option + " " + wrong, 2,
                     {option, "[0, 1]", wrong});
  expect_refusal(folder, sample + "--steps 4 --to=-1", 2, {"--to", "[0, 1]"});
  expect_refusal(folder, sample + "--steps 4 --seed -1", 2, {"--seed", "18446744073709551615"});
  expect_refusal(folder, sample + "--steps 4 --seed 18446744073709551616", 2, {"--seed"});
  expect_refusal(folder, sample + "--steps 4 --samples -1", 2, {"--samples", "[0, "});
  expect_refusal(folder, sample + "--steps 4 --first-sample -1", 2, {"--first-sample", "[0, "});
  expect_refusal(folder, sample + "--steps 4 --first-sample 9223372036854775807 --samples 1", 2,
                 {"--first-sample"});
  expect_refusal(folder, sample + "--steps 4 --eta 2", 2, {"--eta", "[0, 1]"});
  expect_refusal(folder, sample + "--steps 4 --grid karras:rho=0", 2, {"rho", "(0, inf)"});
  for (char const* wrong : {"0", "4097", "-1", "x"})
    expect_refusal(folder, "list --threads " + std::string(wrong), 2, {"--threads", "[1, 512]"});
}

TEST(CommandLine, RefusesWhatIsMissingRepeatedOrTooMuch) {
  TemporaryFolder const folder;
  expect_refusal(folder, "sample", 2, {"--target is missing"});
  expect_refusal(folder, sample, 2, {"--steps is missing"});
  expect_refusal(folder, sample + "--steps", 2, {"--steps has no value"});
  expect_refusal(folder, "sample --sde --steps 5", 2, {"--sde has no value"});
  expect_refusal(folder, Line{"schedule", "--sde", "vp", "--steps", ""}, 2, {"--steps", "''"});
  expect_refusal(folder, "schedule --sde vp --steps=", 2, {"--steps", "''"});
  expect_refusal(folder, sample + "--steps 5 --steps 5", 2, {"--steps is given twice"});
  expect_refusal(folder, sample + "--steps 5 --sampler ddim", 2, {"--sampler is given twice"});
  expect_refusal(folder, sample + "--steps 5 more", 2, {"'more'"});
  expect_refusal(folder, sample + "--steps 5 -- more", 2, {"'--'"});
  expect_refusal(folder, "list sdes grids", 2, {"'grids'"});
  expect_refusal(folder, "list --json=false", 2, {"--json takes no value"});
  expect_refusal(folder, "--version --json", 2, {"'--json'"});
  expect_refusal(folder,
                 "sample --target moons --sde vp --steps 3 --out x --sampler ddim:eta=1,eta=0", 2,
                 {"'eta'", "twice"});
}

TEST(CommandLine, KeepsHostileTextOutOfTheTerminal) {
  TemporaryFolder const folder;
  for (std::string const& text :
       {std::string("\x1b[31mred"), std::string("a\nretrace: fine"), std::string("%s%n%n"),
        std::string("\xff\xfe"), std::string(100'000, 'a')}) {
    Outcome const outcome = run(folder.path(), Line{"schedule", "--sde", text, "--t", "1"});
    EXPECT_EQ(outcome.status, 2);
    EXPECT_LT(outcome.err.size(), 1000U);
    for (char const c : outcome.err.substr(0, outcome.err.size() - 1)) {
      EXPECT_GE(c, ' ');
      EXPECT_LT(c, 0x7f);
    }
  }
  expect_refusal(folder,
                 Line{"score", "--target", "\x1b.json", "--sde", "vp", "--t", "1", "--points", "x",
                      "--out", "y"},
                 1, {"'\\x1b.json'"});
}

TEST(CommandLine, SaysWhenStandardOutputCannotBeWritten) {
  TemporaryFolder const folder;
  for (std::string const& line : {std::string("list"), std::string("--help"),
                                  std::string("schedule --sde vp --steps 9 --json"),
                                  sample + "--steps 3 --json --samples 3"}) {
    Outcome const outcome = Running(folder.path(), words_of(line), {}, "/dev/full").wait();
    EXPECT_EQ(outcome.status, 1) << line;
    EXPECT_TRUE(contains(outcome.err, "standard output"));
    EXPECT_TRUE(folder.names().empty());  // a failed run leaves no output
  }
}

TEST(CommandLine, QuietMeansNoTextAndJsonIsStillPrinted) {
  TemporaryFolder const folder;
  Outcome outcome = run(folder.path(), sample + "--steps 3 --samples 3 --quiet");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.out + outcome.err, "");
  outcome = run(folder.path(), sample + "--steps 3 --samples 3 --quiet --json");
  EXPECT_EQ(outcome.json()["samples"], 3);
}

}  // namespace
}  // namespace retrace::test
