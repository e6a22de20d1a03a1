// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <retrace/io/npy.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

using Json = nlohmann::json;

std::string const moons = "sample --target moons --sde vp ";

/// Runs and returns the report; the run must succeed.
Json sample(TemporaryFolder const& folder, std::string const& line) {
  Outcome const outcome = run(folder.path(), line + " --json");
  EXPECT_EQ(outcome.status, 0) << line << "\n" << outcome.err;
  EXPECT_EQ(outcome.err, "");
  return outcome.status == 0 ? outcome.json() : Json::object();
}

void write(std::filesystem::path const& path, std::vector<double> const& x,
           std::vector<std::int64_t> const& shape) {
  write_npy<double>(path, x.data(), shape);
}

TEST(SampleCommand, ReportsWhatItDid) {
  TemporaryFolder const folder;
  Json const report = sample(folder, moons +
                                         "--sampler edm-heun --steps 5 --grid karras --samples 7 "
                                         "--seed 18446744073709551615 --out x.npy");
  EXPECT_EQ(report["sampler"], "edm-heun");
  EXPECT_EQ(report["sde"], "vp");
  EXPECT_EQ(report["grid"], "karras");
  EXPECT_EQ(report["target"], "moons");
  EXPECT_EQ(report["samples"], 7);
  EXPECT_EQ(report["dimension"], 2);
  EXPECT_EQ(report["steps"], 5);
  EXPECT_EQ(report["evaluations"], 9);  // the step to sigma = 0 is first order
  EXPECT_EQ(report["draws"], 0);
  EXPECT_EQ(report["seed"].get<std::uint64_t>(), 18446744073709551615U);
  EXPECT_EQ(report["precision"], "f32");
  EXPECT_EQ(report["out"], "x.npy");
  EXPECT_EQ(report["nonfinite"], 0);
  EXPECT_GE(report["seconds"].get<double>(), 0);
  ASSERT_EQ(report["levels"].size(), 6U);
  EXPECT_EQ(report["levels"][5],
            (Json{{"t", 0.0}, {"alpha", 1.0}, {"sigma", 0.0}, {"lambda", nullptr}}));
  NpyArray const x = read_npy(folder / "x.npy");
  EXPECT_EQ(x.rows, 7);
  EXPECT_EQ(x.columns, 2);
  EXPECT_EQ(x.type, NpyType::f4);
  EXPECT_EQ(folder.names(), std::vector<std::string>{"x.npy"});
}

TEST(SampleCommand, SamplesTheTarget) {
  TemporaryFolder const folder;
  sample(folder,
         "sample --target gaussian:dimension=1 --sde vp --sampler dpmpp-2m --steps 60 --samples "
         "20000 --seed 5 --precision f64 --out x.npy");
  NpyArray const x = read_npy(folder / "x.npy");
  EXPECT_EQ(x.type, NpyType::f8);
  double mean = 0, square = 0;
  for (double const value : x.values) {
    mean += value / 20'000;
    square += value * value / 20'000;
  }
  // N(1, 0.8^2). The standard errors are 0.0057 and 0.004: five of them, and the sampler's own
  // error.
  EXPECT_NEAR(mean, 1, 0.035);
  EXPECT_NEAR(std::sqrt(square - mean * mean), 0.8, 0.03);
}

TEST(SampleCommand, GivesTheSameBytesForEverySplitAndThreadCount) {
  TemporaryFolder const folder;
  std::string const line = moons + "--sampler ancestral --steps 6 --seed 9 ";
  sample(folder, line + "--samples 700 --threads 1 --out one.npy");
  sample(folder, line + "--samples 700 --threads 2 --out two.npy");
  sample(folder, line + "--samples 333 --out head.npy");
  sample(folder, line + "--samples 367 --first-sample 333 --out tail.npy");
  EXPECT_EQ(bytes_of(folder / "one.npy"), bytes_of(folder / "two.npy"));
  std::vector<double> const whole = read_npy(folder / "one.npy").values;
  std::vector<double> parts = read_npy(folder / "head.npy").values;
  std::vector<double> const tail = read_npy(folder / "tail.npy").values;
  parts.insert(parts.end(), tail.begin(), tail.end());
  EXPECT_EQ(parts, whole);
  sample(folder, moons + "--sampler ancestral --steps 6 --seed 10 --samples 700 --out other.npy");
  EXPECT_NE(read_npy(folder / "other.npy").values, whole);
}

TEST(SampleCommand, ReportsTheSeedItChose) {
  TemporaryFolder const folder;
  std::string const line = moons + "--sampler ancestral --steps 3 --samples 20 ";
  Json const report = sample(folder, line + "--out a.npy");
  Json const other = sample(folder, line + "--out b.npy");
  EXPECT_NE(report["seed"], other["seed"]);
  sample(folder,
         line + "--out c.npy --seed " + std::to_string(report["seed"].get<std::uint64_t>()));
  EXPECT_EQ(bytes_of(folder / "a.npy"), bytes_of(folder / "c.npy"));
}

TEST(SampleCommand, EndsEarlierForStochasticSamplers) {
  TemporaryFolder const folder;
  std::string const rest = " --steps 4 --grid uniform --samples 1 --out x.npy";
  auto const end = [&](std::string const& sampler) {
    return sample(folder, moons + "--sampler " + sampler + rest)["levels"]
        .back()["t"]
        .get<double>();
  };
  EXPECT_DOUBLE_EQ(end("ddim"), 1e-5);
  EXPECT_DOUBLE_EQ(end("ddim:eta=1"), 1e-3);
  EXPECT_DOUBLE_EQ(end("ddim --eta 1"), 1e-3);
  EXPECT_DOUBLE_EQ(end("edm-heun:churn=1"), 1e-3);
  EXPECT_DOUBLE_EQ(end("edm-heun:churn=0,s_noise=1"), 1e-5);
  EXPECT_DOUBLE_EQ(end("ancestral"), 1e-3);
}

TEST(SampleCommand, NamesTheGridItChose) {
  TemporaryFolder const folder;
  std::string const line = moons + "--sampler dpmpp-2m --steps 4 --samples 9 --seed 1 ";
  auto const grid = sample(folder, line + "--out a.npy")["grid"].get<std::string>();
  EXPECT_NE(grid, "");
  sample(folder, line + "--out b.npy --grid " + grid);
  EXPECT_EQ(bytes_of(folder / "a.npy"), bytes_of(folder / "b.npy"));
}

TEST(SampleCommand, TakesEtaForDdimOnly) {
  TemporaryFolder const folder;
  std::string const rest = " --steps 4 --samples 9 --seed 1 --out ";
  Json const alias = sample(folder, moons + "--sampler ddim --eta 0.5" + rest + "a.npy");
  EXPECT_EQ(alias["sampler"], "ddim:eta=0.5");
  sample(folder, moons + "--sampler ddim:eta=0.5" + rest + "b.npy");
  EXPECT_EQ(bytes_of(folder / "a.npy"), bytes_of(folder / "b.npy"));
  expect_refusal(folder, moons + "--sampler dpmpp-2m --eta 0.5" + rest + "c.npy", 2, {"--eta"});
  expect_refusal(folder, moons + "--sampler ddim:eta=1 --eta 0.5" + rest + "c.npy", 2, {"eta"});
}

TEST(SampleCommand, TakesTimesInsteadOfAGrid) {
  TemporaryFolder const folder;
  std::string const line = moons + "--sampler ddim --samples 3 --seed 1 --out x.npy ";
  Json const report = sample(folder, line + "--times 1,0.5,0.1,0");
  EXPECT_EQ(report["grid"], "times");
  EXPECT_EQ(report["steps"], 3);
  EXPECT_EQ(report["evaluations"], 3);
  EXPECT_EQ(report["levels"].size(), 4U);
  EXPECT_DOUBLE_EQ(report["levels"][3]["sigma"], 0);
  for (char const* option : {"--steps 3", "--grid uniform", "--from 1", "--to 0.1"})
    expect_refusal(folder, line + "--times 1,0.5 " + option, 2, {"--times"});
}

TEST(SampleCommand, KeepsTheGridOfASamplerThatBringsItsOwn) {
  TemporaryFolder const folder;
  std::string const line =
      moons + "--sampler euler-maruyama:step=score-sde --samples 3 --out x.npy ";
  Json const report = sample(folder, line + "--steps 4");
  EXPECT_EQ(report["steps"], 4);
  EXPECT_EQ(report["evaluations"], 4);
  ASSERT_EQ(report["levels"].size(), 4U);  // linspace(1, 0.001, 4)
  EXPECT_NEAR(report["levels"][1]["t"].get<double>(), 0.667, 1e-15);
  expect_refusal(folder, line + "--steps 4 --grid uniform", 2, {"--grid"});
  expect_refusal(folder, line + "--times 1,0.5", 2, {"--times"});
}

TEST(SampleCommand, StartsFromGivenStates) {
  TemporaryFolder const folder;
  write(folder / "init.npy", {0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, {3, 2});
  std::string const line = moons + "--sampler ddim --steps 3 --init init.npy ";
  Json const report = sample(folder, line + "--out a.npy --precision f64");
  EXPECT_EQ(report["samples"], 3);
  sample(folder, line + "--samples 3 --seed 77 --out b.npy --precision f64");
  EXPECT_EQ(bytes_of(folder / "a.npy"), bytes_of(folder / "b.npy"));

  write(folder / "wide.npy", {1, 2, 3}, {1, 3});
  write(folder / "huge.npy", {1e300, 0}, {1, 2});
  expect_refusal(folder, line + "--samples 4 --out c.npy", 2, {"init.npy", "[3, 2]", "[4, 2]"});
  std::string const other = moons + "--sampler ddim --steps 3 --out c.npy --init ";
  expect_refusal(folder, other + "wide.npy", 2, {"wide.npy", "[1, 3]", "[n, 2]"});
  expect_refusal(folder, other + "huge.npy", 2, {"huge.npy", "--precision f64"});
  expect_refusal(folder, other + "none.npy", 1, {"none.npy"});
}

TEST(SampleCommand, RunsForwardsAndBackAgain) {
  TemporaryFolder const folder;
  write(folder / "x.npy", {0.5, 0.25, -1, 0.5}, {2, 2});
  std::string const line = moons + "--sampler dpmpp-2m --steps 200 --precision f64 ";
  Json const there =
      sample(folder, line + "--from 0.01 --to 1 --grid karras --init x.npy --out z.npy");
  EXPECT_EQ(there["grid"], "karras:final=eps");
  EXPECT_EQ(there["levels"].size(), 201U);
  sample(folder, line + "--from 1 --to 0.01 --grid karras:final=eps --init z.npy --out y.npy");
  std::vector<double> const x = read_npy(folder / "x.npy").values,
                            y = read_npy(folder / "y.npy").values;
  for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(x[i], y[i], 1e-2);
  expect_refusal(folder, line + "--from 0.01 --to 1 --out w.npy", 2, {"--init"});
  expect_refusal(
      folder, moons + "--sampler ancestral --steps 9 --from 0.01 --to 1 --init x.npy --out w.npy",
      2, {"--from", "stochastic"});
}

TEST(SampleCommand, UsesGivenNoise) {
  TemporaryFolder const folder;
  write(folder / "init.npy", {0.1, 0.2, 0.3, 0.4}, {2, 2});
  std::vector<double> noise;
  for (int i = 0; i < 5 * 4; ++i) noise.push_back(std::sin(i));
  write(folder / "five.npy", noise, {5, 2, 2});
  noise.resize(3 * 4);
  write(folder / "three.npy", noise, {3, 2, 2});
  noise.resize(2 * 4);
  write(folder / "two.npy", noise, {2, 2, 2});
  std::string const line =
      moons + "--sampler ancestral --steps 4 --grid karras --init init.npy --noise ";
  Json const report = sample(folder, line + "three.npy --seed 1 --out a.npy");
  EXPECT_EQ(report["draws"], 3);
  sample(folder, line + "five.npy --seed 2 --out b.npy");  // more than needed: ignored
  EXPECT_EQ(bytes_of(folder / "a.npy"), bytes_of(folder / "b.npy"));
  expect_refusal(folder, line + "two.npy --out c.npy", 2,
                 {"--noise", "two.npy", "[2, 2, 2]", "[3, 2, 2]"});
  expect_refusal(folder, line + "init.npy --out c.npy", 1, {"init.npy"});
  expect_refusal(
      folder,
      moons + "--sampler ancestral --steps 4 --grid karras --samples 3 --noise three.npy --out c",
      2, {"--noise", "[3, 3, 2]"});
}

TEST(SampleCommand, LeavesTheLastNoiseOutWhenAskedTo) {
  TemporaryFolder const folder;
  std::string const line =
      moons + "--sampler euler-maruyama --steps 4 --samples 4 --seed 1 --out x.npy ";
  EXPECT_EQ(sample(folder, line)["draws"], 4);
  EXPECT_EQ(sample(folder, line + "--denoise")["draws"], 3);
}

TEST(SampleCommand, SamplesNothingAndRefusesTooMuch) {
  TemporaryFolder const folder;
  std::string const line = moons + "--sampler ddim --steps 4 --out x.npy --samples ";
  EXPECT_EQ(sample(folder, line + "0")["samples"], 0);
  EXPECT_EQ(read_npy(folder / "x.npy").rows, 0);
  EXPECT_EQ(read_npy(folder / "x.npy").columns, 2);
  std::filesystem::remove(folder / "x.npy");
  for (char const* many : {"1000000000000", "9223372036854775807"})
    expect_refusal(folder, line + many, 1, {"memory"});
}

TEST(SampleCommand, RefusesASamplerThatDoesNotFitTheSde) {
  TemporaryFolder const folder;
  expect_refusal(folder,
                 "sample --target moons --sde rectified-flow --sampler dpmpp-2m --steps 4 --out x",
                 2, {"alpha = 0", "--from"});
  expect_refusal(folder, moons + "--sampler ancestral:variance=large --steps 4 --out x", 2,
                 {"ancestral:variance=large"});
  expect_refusal(
      folder,
      "sample --target moons --sde edm --sampler euler-maruyama:step=score-sde --steps 4 "
      "--out x",
      2, {"score-sde", "edm"});
}

TEST(SampleCommand, ReportsSamplesThatAreNotFinite) {
  TemporaryFolder const folder;
  write(folder / "init.npy", {0.1, 0.2, 1e38, 1e38}, {2, 2});
  expect_refusal(folder,
                 "sample --target moons --sde edm --sampler dpmpp-2m --steps 4 --init init.npy "
                 "--first-sample 40 --out x.npy",
                 1, {"1 of 2 samples", "sample 41", "evaluation", "t = "});
}

TEST(SampleCommand, RefusesOutputsThatCannotBeWritten) {
  TemporaryFolder const folder;
  std::filesystem::create_directory(folder / "folder");
  std::string const line = moons + "--sampler ddim --steps 4 --samples 5 --out ";
  expect_refusal(folder, line + "folder", 1, {"folder"});
  expect_refusal(folder, line + "no/x.npy", 1, {"no/x.npy"});
  expect_refusal(folder, line + "/dev/full", 1, {"/dev/full"});
  expect_refusal(folder, line + "/proc/nothing", 1, {"/proc/nothing"});
}

TEST(SampleCommand, WritesToDevices) {
  TemporaryFolder const folder;
  std::string const line = moons + "--sampler ddim --steps 4 --samples 5 --seed 1 --out ";
  EXPECT_EQ(run(folder.path(), line + "/dev/null").status, 0);
  Outcome const piped = run(folder.path(), line + "/dev/stdout");
  EXPECT_EQ(piped.status, 0) << piped.err;
  EXPECT_TRUE(contains(piped.err, "5 samples"));  // the text makes way for the array
  sample(folder, line + "x.npy");
  EXPECT_EQ(piped.out, bytes_of(folder / "x.npy"));
  EXPECT_EQ(run(folder.path(), line + "/dev/stdout --json").status, 2);
}

TEST(SampleCommand, ReplacesAnOldFileOnlyWhenItSucceeds) {
  TemporaryFolder const folder;
  put(folder / "x.npy", "old");
  expect_refusal(folder, moons + "--sampler ddim --steps 4 --samples 1000000000000 --out x.npy", 1,
                 {"memory"});
  EXPECT_EQ(bytes_of(folder / "x.npy"), "old");
  sample(folder, moons + "--sampler ddim --steps 4 --samples 2 --out x.npy");
  EXPECT_EQ(read_npy(folder / "x.npy").rows, 2);
}

TEST(SampleCommand, FollowsOnePathWithAnyNumberOfSteps) {
  TemporaryFolder const folder;
  auto const moved = [&](std::string const& option) {  // mean distance between 100 and 400 steps
    std::string const line =
        "sample --target gaussian --sde vp --sampler ancestral --grid log-snr "
        "--samples 200 --seed 3 " +
        option;
    EXPECT_EQ(sample(folder, line + " --steps 100 --out a.npy")["noise"],
              option.empty() ? "independent" : "path");
    (void)sample(folder, line + " --steps 400 --out b.npy");
    NpyArray const a = read_npy(folder / "a.npy"), b = read_npy(folder / "b.npy");
    double sum = 0;
    for (std::size_t i = 0; i < a.values.size(); ++i) sum += std::abs(a.values[i] - b.values[i]);
    return sum / static_cast<double>(a.values.size());
  };
  EXPECT_LT(moved("--path"), 0.05);
  EXPECT_GT(moved(""), 0.3);
  expect_refusal(folder,
                 "sample --target gaussian --sde vp --sampler ancestral --steps 4 --path "
                 "--noise z.npy --out c.npy",
                 2, {"--path", "--noise"});
}

TEST(SampleCommand, PlantsAnErrorInTheScore) {
  TemporaryFolder const folder;
  std::string const line = moons + "--sampler ddim --steps 6 --samples 100 --seed 3 ";
  Json const plain = sample(folder, line + "--out plain.npy");
  EXPECT_FALSE(plain.contains("score_error"));
  for (std::string const kind : {"bias", "field", "low-rank"}) {
    for (std::string const precision : {"f32", "f64"}) {
      std::string const in = line + "--precision " + precision;
      sample(folder, in + " --out exact.npy");
      sample(folder, in + " --out zero.npy --score-error " + kind + ":size=0");
      EXPECT_EQ(bytes_of(folder / "zero.npy"), bytes_of(folder / "exact.npy")) << kind;
      Json const report = sample(
          folder, in + " --out off.npy --score-error " + kind + ":size=0.1,scale=absolute,seed=7");
      EXPECT_EQ(report["score_error"], kind + ":size=0.1,scale=absolute,seed=7");
      EXPECT_EQ(report["evaluations"], plain["evaluations"]);
      EXPECT_NE(bytes_of(folder / "off.npy"), bytes_of(folder / "exact.npy")) << kind;
    }
  }
}

TEST(SampleCommand, RefusesScoreErrorsThatThereAreNot) {
  TemporaryFolder const folder;
  std::string const line =
      moons + "--sampler ddim --steps 2 --samples 4 --out x.npy --score-error ";
  expect_refusal(folder, line + "fild:size=0.1", 2, {"'fild'", "did you mean 'field'?"});
  expect_refusal(folder, line + "field:sise=0.1", 2, {"'sise'", "did you mean 'size'?"});
  expect_refusal(folder, line + "bias:size=-1", 2, {"size", "'-1'", "[0, inf)"});
  expect_refusal(folder, line + "low-rank:rank=3", 2, {"rank", "'3'", "[1, 2]"});
  expect_refusal(folder, line + "field:scale=both", 2, {"scale", "'both'"});
  expect_refusal(folder,
                 "sample --target moons --sde rectified-flow --sampler euler --steps 2 --samples 4 "
                 "--out x.npy --score-error bias",
                 2, {"alpha = 0", "--from"});
}

}  // namespace
}  // namespace retrace::test
