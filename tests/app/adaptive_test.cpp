// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <retrace/io/npy.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

using Json = nlohmann::json;

std::string const moons = "sample --target moons --sde vp ";

Json sample(TemporaryFolder const& folder, std::string const& line) {
  Outcome const outcome = run(folder.path(), line + " --json");
  EXPECT_EQ(outcome.status, 0) << line << "\n" << outcome.err;
  EXPECT_EQ(outcome.err, "");
  return outcome.status == 0 ? outcome.json() : Json::object();
}

TEST(AdaptiveSampling, ReportsMeansOverTheSamples) {
  TemporaryFolder const folder;
  for (std::string const name :
       {"adaptive-sde", "dopri5", "rk45", "tsit5", "cash-karp54", "fehlberg78"}) {
    SCOPED_TRACE(name);
    Json const report = sample(
        folder, moons + "--sampler " + name +
                    " --rtol 1e-2 --atol 1e-3 --samples 50 --seed 4 --precision f64 --out x.npy");
    EXPECT_EQ(report["sampler"], name);
    EXPECT_TRUE(report["grid"].is_null());
    EXPECT_EQ(report["rtol"], 1e-2);
    EXPECT_EQ(report["atol"], 1e-3);
    EXPECT_EQ(report["samples"], 50);
    EXPECT_EQ(report["precision"], "f64");
    EXPECT_EQ(report["nonfinite"], 0);
    double const steps = report["steps"].get<double>(),
                 evaluations = report["evaluations"].get<double>();
    EXPECT_GT(steps, 1);
    EXPECT_GE(report["rejections"].get<double>(), 0);
    EXPECT_GT(evaluations, name == "adaptive-sde" ? 1.9 * steps : 5 * steps);
    EXPECT_EQ(report["draws"].get<double>() > 0, name == "adaptive-sde");
    ASSERT_EQ(report["levels"].size(), 2U);
    EXPECT_EQ(report["levels"][0]["t"], 1.0);
    EXPECT_EQ(report["levels"][1]["t"], name == "adaptive-sde" ? 1e-3 : 1e-5);
    NpyArray const x = read_npy(folder / "x.npy");
    EXPECT_EQ(x.rows, 50);
    EXPECT_EQ(x.type, NpyType::f8);
  }
  EXPECT_TRUE(contains(run(folder.path(), moons + "--sampler tsit5 --samples 5 --out x.npy").out,
                       " rejections, "));
}

TEST(AdaptiveSampling, TakesTolerancesOf1e5AndNamesTheOneItKept) {
  TemporaryFolder const folder;
  Json const report = sample(folder, moons + "--sampler tsit5 --samples 5 --seed 1 --out x.npy");
  EXPECT_EQ(report["rtol"], 1e-5);
  EXPECT_EQ(report["atol"], 1e-5);
  // What float cannot keep is raised.
  Json const single = sample(
      folder, moons + "--sampler tsit5 --rtol 1e-9 --atol 1e-9 --samples 5 --seed 1 --out x.npy");
  EXPECT_EQ(single["rtol"], 16 * 0x1p-23);
  Json const twice =
      sample(folder, moons +
                         "--sampler tsit5 --rtol 1e-9 --atol 1e-9 --samples 5 --seed 1 "
                         "--precision f64 --out x.npy");
  EXPECT_EQ(twice["rtol"], 1e-9);
  EXPECT_GT(twice["evaluations"].get<double>(), single["evaluations"].get<double>());
}

TEST(AdaptiveSampling, GivesTheSameBytesForEverySplitAndThreadCount) {
  TemporaryFolder const folder;
  for (std::string const name : {"adaptive-sde --rtol 0.01", "dopri5", "fehlberg78"}) {
    std::string const common = moons + "--seed 9 --sampler " + name;
    sample(folder, common + " --samples 300 --threads 1 --out a.npy");
    sample(folder, common + " --samples 300 --threads 2 --out b.npy");
    EXPECT_EQ(bytes_of(folder / "a.npy"), bytes_of(folder / "b.npy")) << name;
    sample(folder, common + " --first-sample 111 --samples 100 --out c.npy");
    auto const all = read_npy(folder / "a.npy"), part = read_npy(folder / "c.npy");
    std::vector<double> const expected(all.values.begin() + 222, all.values.begin() + 422);
    EXPECT_EQ(part.values, expected) << name;
  }
}

TEST(AdaptiveSampling, RunsFromDataToNoiseAndOnTargetsOfAnyKind) {
  TemporaryFolder const folder;
  write_npy<double>(folder / "data.npy", std::vector<double>{0.5, 0.1, -0.3, 0.2}.data(),
                    std::vector<std::int64_t>{2, 2});
  std::string const common = moons + "--sampler dopri5 --precision f64 --rtol 1e-9 --atol 1e-9 ";
  sample(folder, common + "--from 1e-3 --to 1 --init data.npy --out noise.npy");
  sample(folder, common + "--from 1 --to 1e-3 --init noise.npy --out again.npy");
  auto const again = read_npy(folder / "again.npy").values;
  EXPECT_NEAR(again[0], 0.5, 1e-5);
  EXPECT_NEAR(again[3], 0.2, 1e-5);
  for (std::string const name : {"tsit5", "adaptive-sde --rtol 0.05"})
    sample(folder, "sample --target checkerboard --sde ve --samples 20 --sampler " + name +
                       " --score-error field:size=0.1 --out x.npy");
}

TEST(AdaptiveSampling, RefusesWhatBelongsToAGrid) {
  TemporaryFolder const folder;
  write_npy<double>(folder / "z.npy", std::vector<double>{0.5, 0.1}.data(),
                    std::vector<std::int64_t>{1, 1, 2});
  for (std::string const name : {"dopri5", "adaptive-sde"})
    for (std::string const option :
         {"--steps 10", "--grid karras", "--times 1,0.5", "--noise z.npy", "--denoise"})
      expect_refusal(folder, moons + "--sampler " + name + " --out x.npy " + option, 2,
                     {option.substr(0, option.find(' ')), "adaptive"});
  for (std::string const option : {"--rtol", "--atol"}) {
    for (std::string const value : {"0", "-1", "1.5", "nan", "x"})
      expect_refusal(folder, moons + "--sampler dopri5 --out x.npy " + option + " " + value, 2,
                     {option});
    expect_refusal(folder, moons + "--sampler ddim --steps 5 --out x.npy " + option + " 0.1", 2,
                   {option, "ddim"});
  }
  for (std::string const name : {"dopri5", "adaptive-sde"}) {
    expect_refusal(folder, "sample --target moons --sde ddpm --out x.npy --sampler " + name, 2,
                   {name, "ddpm"});
    expect_refusal(
        folder,
        "compare --target moons --sde vp --evaluations 6 --report r --samplers ddim," + name, 2,
        {name, "adaptive"});
  }
  expect_refusal(folder, moons + "--sampler adaptive-sde --out x.npy --from 0.1 --to 0.9", 2,
                 {"--from", "adaptive-sde"});
}

TEST(AdaptiveSampling, SaysWhichSampleDidNotGetToTheEnd) {
  TemporaryFolder const folder;
  // So small a tolerance that its steps are shorter than the Brownian path resolves.
  expect_refusal(folder,
                 moons +
                     "--sampler adaptive-sde --rtol 1e-12 --atol 1e-12 --samples 1 "
                     "--first-sample 7 --out x.npy",
                 1, {"1 of 1 samples", "sample 7", "step-underflow", "t = "});
}

}  // namespace
}  // namespace retrace::test
