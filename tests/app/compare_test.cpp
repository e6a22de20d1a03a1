// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <cstdint>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

using Json = nlohmann::json;

std::string const compare =
    "compare --target swiss-roll --sde vp --samples 500 --samplers "
    "ddim:eta=0.5,edm-heun:churn=2,s_noise=1.003,dpmpp-2m --evaluations 12,5 --grid karras "
    "--report ";

std::uint32_t big_endian(std::string const& bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes.at(at + i));
  return value;
}

TEST(CompareCommand, ComparesAtEqualCost) {
  TemporaryFolder const folder;
  Outcome const outcome = run(folder.path(), compare + "deep/report --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  Json const report = outcome.json();
  EXPECT_EQ(report["target"], "swiss-roll");
  EXPECT_EQ(report["sde"], "vp");
  EXPECT_EQ(report["samples"], 500);
  EXPECT_EQ(report["seed"], 0);
  EXPECT_EQ(report["report"], "deep/report");
  EXPECT_GT(report["floor"]["sliced_wasserstein"].get<double>(), 0);
  EXPECT_GT(report["floor"]["energy_distance"].get<double>(), 0);

  ASSERT_EQ(report["rows"].size(), 6U);
  std::map<std::string, std::vector<int>> const used{{"ddim:eta=0.5", {12, 5}},
                                                     {"edm-heun:churn=2,s_noise=1.003", {11, 5}},
                                                     {"dpmpp-2m", {12, 5}}};
  for (std::size_t k = 0; k < 6; ++k) {
    Json const& row = report["rows"][k];
    EXPECT_EQ(row["evaluations"], k % 2 == 0 ? 12 : 5);
    EXPECT_EQ(row["evaluations_used"], used.at(row["sampler"].get<std::string>())[k % 2]);
    EXPECT_EQ(row["grid"], "karras");
    EXPECT_GT(row["sliced_wasserstein"].get<double>(), 0);
    EXPECT_GT(row["energy_distance"].get<double>(), 0);
    EXPECT_GE(row["seconds"].get<double>(), 0);
  }
  EXPECT_EQ(report["rows"][2]["steps"], 6);  // edm-heun: two evaluations a step, one in the last
  EXPECT_EQ(bytes_of(folder / "deep/report/results.json"), outcome.out);
}

TEST(CompareCommand, WritesAPageThatNeedsNothingButItsFolder) {
  TemporaryFolder const folder;
  Json const report = run(folder.path(), compare + "report --json").json();
  std::string const page = bytes_of(folder / "report/index.html");
  for (char const* part : {"ddim:eta=0.5", "edm-heun:churn=2,s_noise=1.003", "dpmpp-2m", "floor",
                           "retrace compare --target swiss-roll", "</html>"})
    EXPECT_TRUE(contains(page, part));
  EXPECT_FALSE(contains(page, "://"));
  EXPECT_FALSE(contains(page, "<script"));
  std::set<std::string> linked, shown;
  std::regex const link("(src|href)=\"([^\"]*)\"");
  for (std::sregex_iterator m(page.begin(), page.end(), link), end; m != end; ++m) {
    EXPECT_TRUE(std::filesystem::is_regular_file(folder / "report" / (*m)[2].str())) << (*m)[2];
    if ((*m)[1] == "src") shown.insert((*m)[2]);
  }
  ASSERT_EQ(report["pictures"].size(), 4U);  // one of all, one a sampler
  for (Json const& name : report["pictures"]) {
    auto const file = name.get<std::string>();
    EXPECT_TRUE(shown.contains(file)) << file;
    std::string const png = bytes_of(folder / "report" / file);
    EXPECT_TRUE(png.starts_with("\x89PNG"));
    EXPECT_GE(big_endian(png, 16), 200U);
    EXPECT_GE(big_endian(png, 20), 150U);
  }
  // Six files: pictures, page and numbers, and no temporary one.
  std::filesystem::directory_iterator const files(folder / "report");
  EXPECT_EQ(std::distance(begin(files), end(files)), 6);
}

TEST(CompareCommand, GivesTheSameDistancesForTheSameSeed) {
  TemporaryFolder const folder;
  auto const distances = [&](std::string const& options) {
    Json const report = run(folder.path(), compare + "report --json " + options).json();
    std::vector<double> values{report["floor"]["energy_distance"]};
    for (Json const& row : report["rows"]) {
      values.push_back(row["sliced_wasserstein"]);
      values.push_back(row["energy_distance"]);
    }
    return values;
  };
  auto const one = distances("--seed 4 --threads 1");
  EXPECT_EQ(one, distances("--seed 4 --threads 2"));
  EXPECT_NE(one, distances("--seed 5"));
}

TEST(CompareCommand, FindsTheExactSamplerAtTheFloor) {
  // From 1e-3 on, one step of ddim with the exact score barely moves exact draws of p_t: what is
  // compared is then exact draws against others, and must not be closer than these are.
  TemporaryFolder const folder;
  Json const report =
      run(folder.path(),
          "compare --target moons --sde vp --samplers ddim --evaluations 1 --from 0.001 --samples "
          "2000 --grid uniform --report report --json")
          .json();
  double const floor = report["floor"]["sliced_wasserstein"];
  double const found = report["rows"][0]["sliced_wasserstein"];
  EXPECT_GT(found, floor / 4);
  EXPECT_LT(found, floor * 4);
}

TEST(CompareCommand, PrintsATableOfAllRows) {
  TemporaryFolder const folder;
  Outcome const outcome = run(folder.path(), compare + "report");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  std::istringstream lines(outcome.out);
  int rows = 0;
  for (std::string line; std::getline(lines, line);) {
    EXPECT_LE(line.size(), 160U);
    rows += contains(line, "karras") ? 1 : 0;
  }
  EXPECT_EQ(rows, 6);
  EXPECT_TRUE(contains(outcome.out, "floor"));
  EXPECT_TRUE(contains(outcome.out, "report/index.html"));
}

TEST(CompareCommand, ComparesInOneAndManyDimensions) {
  for (char const* target : {"gaussian:dimension=1", "mixture-10"}) {
    TemporaryFolder const folder;
    Outcome const outcome = run(folder.path(),
                                "compare --samples 60 --sde edm --samplers ddim --evaluations 3,4 "
                                "--report report --json --target " +
                                    std::string(target));
    EXPECT_EQ(outcome.status, 0) << outcome.err;
  }
}

TEST(CompareCommand, EscapesHostileNames) {
  TemporaryFolder const folder;
  std::string const name = "<script>alert('x')&\"\x1b.json";
  put(folder / name, R"({"weights": [1], "means": [[0, 0]], "covariances": [[[1, 0], [0, 1]]]})");
  Outcome const outcome =
      run(folder.path(), Line{"compare", "--target", name, "--sde", "vp", "--samplers", "ddim",
                              "--evaluations", "3", "--samples", "50", "--report", "r"});
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  std::string const page = bytes_of(folder / "r/index.html");
  EXPECT_FALSE(contains(page, "<script"));
  EXPECT_FALSE(contains(page, "\x1b"));
  EXPECT_TRUE(contains(page, "&lt;script&gt;"));
}

TEST(CompareCommand, RefusesBeforeItComputes) {
  TemporaryFolder const folder;
  put(folder / "file", "");
  std::string const start = "compare --target moons --sde vp --report ";
  expect_refusal(folder, start + "r --samplers dimm --evaluations 3", 2, {"'dimm'", "'ddim'?"});
  expect_refusal(folder, start + "r --samplers ddim, --evaluations 3", 2, {"name is missing"});
  expect_refusal(folder, start + "r --samplers ddim,ddim --evaluations 3", 2, {"--samplers"});
  expect_refusal(folder, start + "r --samplers eta=1,ddim --evaluations 3", 2, {"'eta=1'"});
  for (char const* wrong : {"0", "-3", "x", "3,,4", "1000001", "3,3"})
    expect_refusal(folder, start + "r --samplers ddim --evaluations " + wrong, 2,
                   {"--evaluations"});
  expect_refusal(folder, start + "r --samplers edm-heun --grid uniform --evaluations 1", 2,
                 {"--evaluations 1", "'edm-heun'"});
  expect_refusal(folder, start + "r --samplers ddim --evaluations 3 --samples 0", 2, {"--samples"});
  expect_refusal(folder, start + "r --samplers ddim --evaluations 3 --samples 100000000000", 1,
                 {"memory"});
  expect_refusal(folder, start + "file --samplers ddim --evaluations 3", 1, {"'file'"});
  expect_refusal(folder, start + "file/r --samplers ddim --evaluations 3", 1, {"'file"});
  expect_refusal(folder, start + "/proc/r --samplers ddim --evaluations 3", 1, {"'/proc/r'"});
}

TEST(CompareCommand, SaysHowToGetGnuplot) {
  TemporaryFolder const folder;
  Outcome const outcome =
      Running(folder.path(), words_of(compare + "report"), {"PATH=" + folder.path().string()})
          .wait();
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(contains(outcome.err, "gnuplot"));
  EXPECT_TRUE(contains(outcome.err, "install"));
  EXPECT_TRUE(folder.names().empty());
}

TEST(CompareCommand, LeavesNothingWhenGnuplotFails) {
  for (std::string const work : {"echo broken >&2; exit 1", "exit 0"}) {
    TemporaryFolder const folder, programs;
    auto const fake =
        put(programs / "gnuplot", "#!/bin/sh\n[ $1 = --version ] || { " + work + "; }");
    std::filesystem::permissions(fake, std::filesystem::perms::owner_all);
    Outcome const outcome = Running(folder.path(), words_of(compare + "deep/report"),
                                    {"PATH=" + programs.path().string()})
                                .wait();
    EXPECT_EQ(outcome.status, 1);
    EXPECT_TRUE(contains(outcome.err, "gnuplot"));
    EXPECT_EQ(outcome.out, "");
    EXPECT_TRUE(folder.names().empty());
  }
}

TEST(CompareCommand, ComparesOnASpoiledScore) {
  TemporaryFolder const folder;
  std::string const line =
      "compare --target moons --sde vp --samples 500 --samplers ddim --evaluations 12 --report r "
      "--json";
  Json const plain = run(folder.path(), line).json();
  EXPECT_FALSE(plain.contains("score_error"));
  Json const zero = run(folder.path(), line + " --score-error field:size=0").json();
  EXPECT_EQ(zero["score_error"], "field:size=0");
  EXPECT_EQ(zero["rows"][0]["sliced_wasserstein"], plain["rows"][0]["sliced_wasserstein"]);
  Json const off = run(folder.path(), line + " --score-error bias:size=1").json();
  EXPECT_GT(off["rows"][0]["sliced_wasserstein"].get<double>(),
            2 * plain["rows"][0]["sliced_wasserstein"].get<double>());
  EXPECT_TRUE(contains(bytes_of(folder / "r/index.html"), "bias:size=1"));
  expect_refusal(folder, line + " --score-error biass", 2, {"did you mean 'bias'?"});
}

}  // namespace
}  // namespace retrace::test
