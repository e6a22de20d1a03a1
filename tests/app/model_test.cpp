// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <retrace/io/network_file.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/io/npz.hpp>
#include <retrace/nn/conditioned.hpp>
#include <retrace/nn/host_network.hpp>
#include <retrace/sde/registry.hpp>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

TrainedNetwork denoiser() {
  return {.network = random_network({.dimension = 2,
                                     .width = 16,
                                     .conditioning = Conditioning::log_sigma,
                                     .prediction = Prediction::denoised},
                                    3),
          .sde = "vp:beta_max=15"};
}

std::vector<double> samples(TemporaryFolder const& folder, std::string const& options) {
  Outcome const outcome =
      run(folder.path(),
          "sample --model m.safetensors --samples 7 --seed 1 --out x.npy --json "
          "--sampler dpmpp-2m --steps 5 --precision f64 " +
              options);
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["model"], "m.safetensors");
  EXPECT_FALSE(outcome.json().contains("target"));
  return read_npy(folder / "x.npy").values;
}

TEST(ModelOption, SamplesTheNetworkOnItsOwnProcessUnlessToldOtherwise) {
  TemporaryFolder const folder;
  write_network(folder / "m.safetensors", denoiser());
  auto const own = samples(folder, "");
  EXPECT_EQ(samples(folder, "--sde vp:beta_max=15"), own);
  EXPECT_NE(samples(folder, "--sde vp"), own);
}

TEST(ModelOption, MakesDataOfNormalisedSamples) {
  TemporaryFolder const folder;
  TrainedNetwork trained = denoiser();
  write_network(folder / "m.safetensors", trained);
  auto const plain = samples(folder, "");
  trained.normalisation = {.mean = {10, -20}, .std = {2, 0.5}};
  write_network(folder / "m.safetensors", trained);
  auto const data = samples(folder, "");
  for (std::size_t i = 0; i < plain.size(); i += 2) {
    EXPECT_NEAR(data[i], 10 + 2 * plain[i], 1e-12);
    EXPECT_NEAR(data[i + 1], -20 + 0.5 * plain[i + 1], 1e-12);
  }
  // To noise and back.
  std::string const there =
      "sample --model m.safetensors --sampler rk4 --steps 200 --precision f64 ";
  ASSERT_EQ(run(folder.path(), there + "--from 0.01 --to 0.9 --init x.npy --out z.npy").status, 0);
  ASSERT_EQ(run(folder.path(), there + "--from 0.9 --to 0.01 --init z.npy --out y.npy").status, 0);
  auto const back = read_npy(folder / "y.npy").values;
  for (std::size_t i = 0; i < data.size(); ++i) EXPECT_NEAR(back[i], data[i], 1e-5);
}

TEST(ModelOption, RunsAdaptiveSamplersToo) {
  TemporaryFolder const folder;
  write_network(folder / "m.safetensors", denoiser());
  Outcome const outcome = run(folder.path(),
                              "sample --model m.safetensors --sampler dopri5 --samples 3 --seed 1 "
                              "--out x.npy --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_GT(outcome.json()["evaluations"], 20);
}

TEST(ModelOption, ScoresAreThoseOfTheNetwork) {
  TemporaryFolder const folder;
  TrainedNetwork const trained = denoiser();
  write_network(folder / "m.safetensors", trained);
  std::vector<double> const x{0.5, -1, 2, 0.25};
  write_npy<double>(folder / "x.npy", x.data(), std::array<std::int64_t, 2>{2, 2});
  ASSERT_EQ(run(folder.path(),
                "score --model m.safetensors --sde vp --t 0.3 --points x.npy --out "
                "s.npz")
                .status,
            0);
  auto const arrays = read_npz(folder / "s.npz");
  EXPECT_EQ(arrays.size(), 3U);  // no log density
  HostNetwork const host(trained.network);
  NoiseLevel const level = make_sde("vp").at(0.3);
  double const variance = level.sigma() * level.sigma();
  for (std::size_t i = 0; i < 2; ++i) {
    std::vector<double> const point{x[2 * i], x[2 * i + 1]};
    std::vector<double> denoised(2);
    double const divergence = host.divergence(point, level, denoised);
    for (std::size_t c = 0; c < 2; ++c) {
      EXPECT_NEAR(arrays.at("denoised").values[2 * i + c], denoised[c], 1e-14);
      EXPECT_NEAR(arrays.at("score").values[2 * i + c],
                  (level.alpha() * denoised[c] - point[c]) / variance, 1e-12);
    }
    EXPECT_NEAR(arrays.at("divergence").values[i], (level.alpha() * divergence - 2) / variance,
                1e-12);
  }
}

TEST(ModelOption, GivesTheLikelihoodOfTheDataThatSamplesAre) {
  TemporaryFolder const folder;
  TrainedNetwork trained = denoiser();
  write_network(folder / "m.safetensors", trained);
  std::vector<double> const z{0.5, -1, 2, 0.25}, x{11, -20.25, 14, -19.9375};
  write_npy<double>(folder / "z.npy", z.data(), std::array<std::int64_t, 2>{2, 2});
  write_npy<double>(folder / "x.npy", x.data(), std::array<std::int64_t, 2>{2, 2});
  auto const densities = [&](std::string const& options) {
    Outcome const outcome = run(folder.path(),
                                "likelihood --model m.safetensors --json --out "
                                "l.npz --from 0.01 --to 0.999 " +
                                    options);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.json()["model"], "m.safetensors");
    return read_npz(folder / "l.npz").at("logp").values;
  };
  auto const adaptive = densities("--points z.npy --rtol 1e-7 --atol 1e-7");
  auto const fixed = densities("--points z.npy --solver dpm-solver-3 --steps 200");
  trained.normalisation = {.mean = {10, -20}, .std = {2, 0.25}};
  write_network(folder / "m.safetensors", trained);
  auto const of_data = densities("--points x.npy --rtol 1e-7 --atol 1e-7");
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(fixed[i], adaptive[i], 1e-5 * std::abs(adaptive[i]));
    EXPECT_NEAR(of_data[i], adaptive[i] - std::log(0.5), 1e-9);
  }
}

TEST(ModelOption, MultipliesInBf16WhereAskedTo) {
  TemporaryFolder const folder;
  write_network(folder / "m.safetensors", denoiser());
  std::string const line =
      "sample --model m.safetensors --sampler ddim --steps 5 --samples 50 "
      "--seed 1 --json --out x.npy --precision ";
  auto const sampled = [&](std::string const& precision) {
    Outcome const outcome = run(folder.path(), line + precision);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.json()["precision"], precision);
    return read_npy(folder / "x.npy").values;
  };
  auto const full = sampled("f32"), rounded = sampled("bf16");
  EXPECT_NE(rounded, full);
  for (std::size_t i = 0; i < full.size(); ++i) EXPECT_NEAR(rounded[i], full[i], 0.01);
  expect_refusal(folder,
                 "sample --target moons --sde vp --sampler ddim --steps 3 --out s.npy "
                 "--precision bf16",
                 2, {"bf16", "--model", "f32"});
  expect_refusal(folder,
                 "sample --model m.safetensors --sampler dopri5 --out s.npy --precision bf16", 2,
                 {"bf16", "dopri5", "f32"});
}

TEST(ModelOption, RefusesWhatDoesNotFit) {
  TemporaryFolder const folder;
  write_network(folder / "m.safetensors", denoiser());
  std::vector<double> const x{0.5, -1, 2};
  write_npy<double>(folder / "x3.npy", x.data(), std::array<std::int64_t, 2>{1, 3});
  std::string const sample = "sample --sampler ddim --steps 3 --out s.npy ";
  expect_refusal(folder, sample + "--sde vp", 2, {"--target is missing", "--model"});
  expect_refusal(folder, sample + "--sde vp --target moons --model m.safetensors", 2,
                 {"--target", "--model"});
  expect_refusal(folder, sample + "--model none.safetensors", 1, {"none.safetensors"});
  expect_refusal(folder, sample + "--model x3.npy", 1, {"x3.npy"});
  expect_refusal(folder, sample + "--model m.safetensors --from 0.5", 2, {"--init", "--from"});
  expect_refusal(folder, sample + "--model m.safetensors --init x3.npy", 2, {"x3.npy", "[n, 2]"});
  expect_refusal(folder, sample + "--model m.safetensors --score-error bias:size=0.1", 2,
                 {"--score-error", "--model"});
  std::string const score = "score --model m.safetensors --sde vp --out s.npz ";
  expect_refusal(folder, score + "--t 0.5 --points x3.npy", 2, {"x3.npy", "[n, 2]"});
  expect_refusal(folder, score + "--t 0.5 --samples 3", 2, {"--samples", "--model"});
  std::string const likelihood = "likelihood --model m.safetensors --sde vp --out l.npz ";
  expect_refusal(folder, likelihood + "--points x3.npy", 2, {"x3.npy", "[n, 2]"});
  expect_refusal(folder, likelihood + "--points x3.npy --target moons", 2, {"--target", "--model"});
  expect_refusal(folder, score + "--t 0 --points x3.npy", 2, {"x3.npy"});
}

TrainedNetwork conditional(ConditionKind kind) {
  TrainedNetwork trained{
      .network = random_network({.width = 16, .conditions = 3, .condition_kind = kind}, 3)};
  if (kind == ConditionKind::vector) trained.of_conditions = {{1, 2, 3}, {1, 1, 2}};
  return trained;
}

/// Every command takes the condition, and does with it what it would do with the network made so.
TEST(ModelOption, IsConditionedByEveryCommand) {
  TemporaryFolder const folder;
  std::vector<double> const x{0.5, -1, 2, 0.25};
  write_npy<double>(folder / "x.npy", x.data(), std::array<std::int64_t, 2>{2, 2});
  struct Case {
    ConditionKind kind;
    std::string option;
    std::vector<double> y;
  };
  for (Case const& some : {Case{ConditionKind::of_class, "--class 2", {0, 0, 1}},
                           Case{ConditionKind::of_class, "--condition 0,0,1", {0, 0, 1}},
                           Case{ConditionKind::vector, "--condition 2,2,-1", {2, 2, -1}}}) {
    SCOPED_TRACE(some.option);
    TrainedNetwork const trained = conditional(some.kind);
    write_network(folder / "m.safetensors", trained);
    write_network(folder / "plain.safetensors", conditioned(trained, some.y));
    for (std::string const& line :
         {std::string("sample --sampler ddim --steps 3 --samples 5 --seed 1 --out o.npy "),
          std::string("score --t 0.5 --points x.npy --out o.npz "),
          std::string("likelihood --points x.npy --no-budget --out o.npz ")}) {
      Outcome const outcome =
          run(folder.path(), line + "--json --model m.safetensors " + some.option);
      ASSERT_EQ(outcome.status, 0) << outcome.err;
      EXPECT_TRUE(outcome.json().contains(some.option.substr(2, some.option.find(' ') - 2)));
      std::string const file = folder / (line.starts_with("sample") ? "o.npy" : "o.npz");
      std::string const bytes = bytes_of(file);
      ASSERT_EQ(run(folder.path(), line + "--model plain.safetensors").status, 0);
      EXPECT_EQ(bytes_of(file), bytes) << line;
    }
    Outcome const compared = run(
        folder.path(),
        "compare --target moons --model m.safetensors --samplers ddim --evaluations 3 --samples 50 "
        "--report r --json " +
            some.option);
    EXPECT_EQ(compared.status, 0) << compared.err;
  }
}

TEST(ModelOption, IsGuided) {
  TemporaryFolder const folder;
  TrainedNetwork trained = conditional(ConditionKind::of_class);
  trained.drop_condition = 0.1;
  write_network(folder / "m.safetensors", trained);
  std::string const line =
      "sample --model m.safetensors --sampler ddim --steps 3 --samples 5 --seed 1 --out o.npy ";
  auto const made = [&](std::string const& options) {
    Outcome const outcome = run(folder.path(), line + options);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return bytes_of(folder / "o.npy");
  };
  std::string const plain = made("--class 1");
  EXPECT_EQ(made("--class 1 --guidance 0"), plain);
  EXPECT_NE(made("--class 1 --guidance 2"), plain);
  Outcome const outcome = run(folder.path(), line + "--class 1 --guidance 2 --json");
  EXPECT_EQ(outcome.json()["guidance"], 2);
  EXPECT_EQ(outcome.json()["evaluations"], 3);
  std::filesystem::remove(folder / "o.npy");
  expect_refusal(folder, line + "--guidance 2", 2, {"--class is missing"});
  expect_refusal(folder, line + "--condition 0,1,0 --guidance 2", 2, {"--guidance needs --class"});
  expect_refusal(folder, line + "--class 1 --guidance -1", 2, {"--guidance", "-1"});
  expect_refusal(folder, line + "--class 1 --guidance 2 --precision bf16", 2,
                 {"--precision", "--guidance", "bf16"});
  trained.drop_condition = 0;
  write_network(folder / "m.safetensors", trained);
  expect_refusal(folder, line + "--class 1 --guidance 2", 2, {"--guidance", "--drop-condition"});
}

TEST(ModelOption, RefusesConditionsThatDoNotFit) {
  TemporaryFolder const folder;
  write_network(folder / "m.safetensors", denoiser());
  write_network(folder / "class.safetensors", conditional(ConditionKind::of_class));
  write_network(folder / "vector.safetensors", conditional(ConditionKind::vector));
  std::string const sample = "sample --sampler ddim --steps 3 --out s.npy ";
  expect_refusal(folder, sample + "--model class.safetensors", 2, {"--class is missing", "0 to 2"});
  expect_refusal(folder, sample + "--model class.safetensors --class 3", 2,
                 {"class 3 does not exist", "0 to 2"});
  expect_refusal(folder, sample + "--model class.safetensors --class -1", 2, {"--class"});
  expect_refusal(folder, sample + "--model vector.safetensors", 2,
                 {"--condition is missing", "3 numbers"});
  expect_refusal(folder, sample + "--model vector.safetensors --class 1", 2, {"knows no classes"});
  expect_refusal(folder, sample + "--model vector.safetensors --condition 1,2", 2,
                 {"has 2 numbers", "takes 3"});
  expect_refusal(folder, sample + "--model vector.safetensors --condition 1,nan,2", 2,
                 {"--condition", "nan"});
  expect_refusal(folder, sample + "--model m.safetensors --class 1", 2,
                 {"knows no classes", "not conditioned"});
  expect_refusal(folder, sample + "--model class.safetensors --class 1 --condition 1,0,0", 2,
                 {"--class", "--condition"});
  expect_refusal(folder, sample + "--target moons --sde vp --class 1", 2,
                 {"--class needs --model"});
}

TEST(ModelOption, IsComparedBesideTheExactScore) {
  TemporaryFolder const folder;
  TrainedNetwork trained = denoiser();
  trained.normalisation = {.mean = {5, 0}, .std = {2, 1}};
  write_network(folder / "m.safetensors", trained);
  std::string const compare =
      "compare --samplers ddim,dpmpp-2m --evaluations 5 --samples 200 --report r --json "
      "--model m.safetensors ";
  Outcome const outcome = run(folder.path(), compare + "--target moons");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  auto const report = outcome.json();
  EXPECT_EQ(report["model"], "m.safetensors");
  EXPECT_EQ(report["sde"], "vp:beta_max=15");
  ASSERT_EQ(report["rows"].size(), 4U);
  for (std::size_t k = 0; k < 4; k += 2) {
    auto const &exact = report["rows"][k], &model = report["rows"][k + 1];
    EXPECT_EQ(exact["score"], "exact");
    EXPECT_EQ(model["score"], "model");
    EXPECT_EQ(model["sampler"], exact["sampler"].get<std::string>() + " (model)");
    EXPECT_EQ(model["evaluations_used"], exact["evaluations_used"]);
    // It has learnt nothing, and its samples lie about 5 on the first axis.
    EXPECT_GT(model["sliced_wasserstein"], 2);
    EXPECT_LT(exact["sliced_wasserstein"], 1);
  }
  EXPECT_NE(run(folder.path(), compare).err.find("--target is missing"), std::string::npos);
  EXPECT_NE(run(folder.path(), compare + "--target gaussian:dimension=3").err.find("2 dimensions"),
            std::string::npos);
}

}  // namespace
}  // namespace retrace::test
