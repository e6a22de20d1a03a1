// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <cmath>
#include <set>
#include <string>

namespace retrace::test {
namespace {

using Json = nlohmann::json;

Json schedule(std::string const& options) {
  TemporaryFolder const folder;
  Outcome const outcome = run(folder.path(), "schedule --json " + options);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return outcome.json();
}

TEST(ScheduleCommand, ReportsVpAsTheFormulasSay) {
  Json const report = schedule("--sde vp:beta_max=10 --t 0.5,1,0.25,0.5");
  EXPECT_EQ(report["sde"], "vp");
  EXPECT_EQ(report["options"], (Json{{"beta_min", 0.1}, {"beta_max", 10.0}}));
  ASSERT_EQ(report["levels"].size(), 4U);
  double const times[] = {0.5, 1, 0.25, 0.5};
  for (std::size_t k = 0; k < 4; ++k) {
    double const t = times[k], beta = 0.1 + 9.9 * t;
    double const alpha = std::exp(-(0.1 * t + 9.9 * t * t / 2) / 2);
    Json const& level = report["levels"][k];
    EXPECT_DOUBLE_EQ(level["t"], t);
    EXPECT_NEAR(level["alpha"].get<double>(), alpha, 1e-15);
    EXPECT_NEAR(level["sigma"].get<double>(), std::sqrt(1 - alpha * alpha), 1e-15);
    EXPECT_NEAR(level["lambda"].get<double>(), std::log(alpha / std::sqrt(1 - alpha * alpha)),
                1e-14);
    EXPECT_NEAR(level["f"].get<double>(), -beta / 2, 1e-14);
    EXPECT_NEAR(level["g2"].get<double>(), beta, 1e-13);
  }
}

TEST(ScheduleCommand, SaysNullWhereALevelHasNoSuchNumber) {
  Json const levels = schedule("--sde rectified-flow --times 1,0.5,0")["levels"];
  ASSERT_EQ(levels.size(), 3U);
  EXPECT_EQ(levels[0], (Json{{"t", 1.0},
                             {"alpha", 0.0},
                             {"sigma", 1.0},
                             {"lambda", nullptr},
                             {"f", nullptr},
                             {"g2", nullptr}}));
  EXPECT_EQ(levels[2], (Json{{"t", 0.0},
                             {"alpha", 1.0},
                             {"sigma", 0.0},
                             {"lambda", nullptr},
                             {"f", nullptr},
                             {"g2", nullptr}}));
}

TEST(ScheduleCommand, PutsTheCleanEndAfterTheLastNoisyLevel) {
  Json const levels = schedule("--sde ve --grid karras --steps 5 --to 0")["levels"];
  ASSERT_EQ(levels.size(), 6U);
  EXPECT_DOUBLE_EQ(levels[4]["t"], 0);  // on ve t = 0 is sigma_min
  EXPECT_NEAR(levels[4]["sigma"].get<double>(), 0.01, 1e-15);
  EXPECT_DOUBLE_EQ(levels[5]["t"], 0);
  EXPECT_DOUBLE_EQ(levels[5]["sigma"], 0);
  EXPECT_TRUE(levels[5]["lambda"].is_null());
}

TEST(ScheduleCommand, EndsWhereTheDefaultsSay) {
  Json const vp = schedule("--sde vp --steps 4");
  EXPECT_EQ(vp["grid"], "uniform");
  EXPECT_EQ(vp["levels"].size(), 5U);
  EXPECT_DOUBLE_EQ(vp["levels"][0]["t"], 1);
  EXPECT_DOUBLE_EQ(vp["levels"][4]["t"], 1e-5);
  EXPECT_DOUBLE_EQ(schedule("--sde edm --steps 4")["levels"][4]["t"], 0.002);
}

TEST(ScheduleCommand, RunsForwardsWithFinalEpsUnlessAskedOtherwise) {
  Json const report = schedule("--sde vp --grid karras --steps 4 --from 0.001 --to 1");
  EXPECT_EQ(report["grid"], "karras:final=eps");
  EXPECT_EQ(report["levels"].size(), 5U);
  EXPECT_DOUBLE_EQ(report["levels"][4]["t"], 1);
  TemporaryFolder const folder;
  expect_refusal(folder, "schedule --sde vp --grid karras:final=zero --steps 4 --from 0.1 --to 1",
                 2, {"final=eps"});
}

TEST(ScheduleCommand, RefusesTimesThatAreNoGrid) {
  TemporaryFolder const folder;
  for (char const* times :
       {"1,0.5,0.7", "0.5,0.5", "1,2", "1,nan", "0.5", "1,,0.5", "1,x", "1,0.5,", "0,0.5,1"})
    expect_refusal(folder, "schedule --sde vp --times " + std::string(times), 2, {"--times"});
  for (char const* t : {"2", "-0.1", "nan", "1,inf", ""})
    expect_refusal(folder, Line{"schedule", "--sde", "vp", "--t", t}, 2, {"--t", "[0, 1]"});
  expect_refusal(folder, "schedule --sde vp --t 1 --times 1,0.5", 2, {"--t", "--times"});
  expect_refusal(folder, "schedule --sde vp --t 1 --steps 4", 2, {"--t", "--steps"});
  expect_refusal(folder, "schedule --sde vp --times 1,0.5 --from 1", 2, {"--times", "--from"});
  expect_refusal(folder, "schedule --sde vp --steps 4 --from 0.5 --to 0.5", 2, {"--from", "--to"});
  expect_refusal(folder, "schedule --sde vp:beta_min=30 --t 1", 2, {"beta_min", "beta_max"});
}

TEST(ScheduleCommand, WritesDoublesInTheShortestFormThatReadsBack) {
  TemporaryFolder const folder;
  std::string const out =
      run(folder.path(), "schedule --sde edm --t 0.1,5e-324,0.30000000000000004,80 --json").out;
  for (char const* number :
       {"\"t\": 0.1,", "\"t\": 5e-324,", "\"t\": 0.30000000000000004,", "\"t\": 80.0,"})
    EXPECT_TRUE(contains(out, number));
}

TEST(ScheduleCommand, StreamsMillionsOfLevels) {
  TemporaryFolder const folder;
  Outcome const outcome = run(folder.path(), "schedule --sde vp --steps 100000 --json");
  EXPECT_EQ(outcome.json()["levels"].size(), 100'001U);
  Outcome const table = run(folder.path(), "schedule --sde vp --steps 10");
  EXPECT_EQ(std::count(table.out.begin(), table.out.end(), '\n'), 12);
}

}  // namespace
}  // namespace retrace::test
