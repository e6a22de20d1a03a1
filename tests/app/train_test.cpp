// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <retrace/io/network_file.hpp>
#include <retrace/io/npy.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace retrace::test {
namespace {

std::string const small = "train --target moons --sde vp --width 16 --depth 2 --batch 64 ";

void write(std::filesystem::path const& path, std::vector<double> const& x, std::int64_t columns) {
  std::array const shape{static_cast<std::int64_t>(x.size()) / columns, columns};
  write_npy<double>(path, x.data(), shape);
}

TEST(TrainCommand, ReportsWhatItHasDone) {
  TemporaryFolder const folder;
  Outcome const outcome =
      run(folder.path(), small + "--iterations 120 --seed 1 --out m.safetensors --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.err, "");
  auto const report = outcome.json();
  EXPECT_TRUE(report["model"].is_string());
  EXPECT_EQ(report["parameters"], 16 * 2 + 16 + 16 * 16 + 16 + 2 * 16 * 64 + 2 * 16 + 2);
  EXPECT_EQ(report["iterations"], 120);
  EXPECT_EQ(report["seed"], 1);
  EXPECT_EQ(report["out"], "m.safetensors");
  for (auto const* const key : {"loss", "validation_loss", "seconds", "samples_per_second"})
    EXPECT_GT(report[key].get<double>(), 0) << key;
  ASSERT_EQ(report["validation"].size(), 10U);
  EXPECT_LT(report["validation"][9]["loss"], report["validation"][0]["loss"]);
  EXPECT_EQ(report["validation"][3]["to"], report["validation"][4]["from"]);
  EXPECT_EQ(folder.names(), (std::vector<std::string>{"m.checkpoint", "m.safetensors"}));

  TrainedNetwork const trained = read_network(folder / "m.safetensors");
  EXPECT_EQ(trained.network.architecture().width, 16);
  EXPECT_EQ(trained.sde, "vp");
  EXPECT_TRUE(trained.normalisation.empty());
}

TEST(TrainCommand, ChoosesByTheProcessWhatIsNotGiven) {
  TemporaryFolder const folder;
  auto const trained = [&](std::string const& options) {
    Outcome const outcome =
        run(folder.path(),
            "train --target moons --width 8 --iterations 2 --out m.safetensors " + options);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return read_network(folder / "m.safetensors").network.architecture();
  };
  EXPECT_EQ(trained("--sde vp").prediction, Prediction::noise);
  EXPECT_EQ(trained("--sde rectified-flow").prediction, Prediction::flow);
  for (auto const* const sde : {"ve", "edm"}) {
    Architecture const a = trained("--sde " + std::string(sde));
    EXPECT_EQ(a.prediction, Prediction::denoised);
    EXPECT_EQ(a.preconditioning, Preconditioning::edm);
    EXPECT_EQ(a.conditioning, Conditioning::log_sigma);
  }
  EXPECT_EQ(trained("--sde ddpm").conditioning, Conditioning::log_sigma);
  Architecture const a = trained(
      "--sde sub-vp --prediction v --activation gelu --skip u-shape --norm layer --frequencies 3 "
      "--depth 4 "
      "--embedding sinusoidal --weighting min-snr --time-sampling importance --ema 0.9,0.99");
  EXPECT_EQ(a.prediction, Prediction::velocity);
  EXPECT_EQ(a.activation, Activation::gelu);
  EXPECT_EQ(a.skip, Skip::u_shape);
  EXPECT_EQ(a.norm, Norm::layer);
  EXPECT_EQ(a.frequencies, 3);
  EXPECT_EQ(a.depth, 4);
  EXPECT_TRUE(SafetensorsFile(folder / "m.safetensors").has("ema/0.99/o.bias"));
}

TEST(TrainCommand, NormalisesADataSetAndStoresTheWayBack) {
  TemporaryFolder const folder;
  std::vector<double> x;
  for (int i = 0; i < 50; ++i) x.insert(x.end(), {100 + 3.0 * (i % 2), 7, -1.0 * (i % 2)});
  write(folder / "x.npy", x, 3);
  Outcome const outcome = run(folder.path(),
                              "train --data x.npy --sde vp --width 8 --iterations 20 --seed 1 "
                              "--out m.safetensors --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["data"], "x.npy");
  Normalisation const n = read_network(folder / "m.safetensors").normalisation;
  ASSERT_EQ(n.mean.size(), 3U);
  EXPECT_NEAR(n.mean[0], 101.5, 1e-12);
  EXPECT_NEAR(n.std[0], 1.5, 1e-12);
  EXPECT_EQ(n.std[1], 1);  // a constant
  EXPECT_NEAR(n.std[2], 0.5, 1e-12);
}

TEST(TrainCommand, ConditionsOnLabelsVectorsAndComponents) {
  TemporaryFolder const folder;
  std::vector<double> x, y;
  std::vector<std::int64_t> labels;
  for (int i = 0; i < 50; ++i) {
    x.insert(x.end(), {double(i % 7), double(i % 5)});
    y.insert(y.end(), {10.0 * i, 1, -1.0 * i});
    labels.push_back(i % 3);
  }
  write(folder / "x.npy", x, 2);
  write(folder / "y.npy", y, 3);
  put(folder / "labels.npy", npy_bytes(npy_dict("<i8", "(50,)"), raw(labels)));
  auto const trained = [&](std::string const& options) {
    Outcome const outcome = run(folder.path(),
                                "train --sde vp --width 8 --iterations 20 --seed 1 --json "
                                "--out m.safetensors " +
                                    options);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    return outcome.json();
  };
  auto report = trained("--data x.npy --labels labels.npy --drop-condition 0.25 --scale learned");
  EXPECT_EQ(report["labels"], "labels.npy");
  EXPECT_EQ(report["drop_condition"], 0.25);
  EXPECT_TRUE(contains(report["model"].get<std::string>(), "classes=3"));
  TrainedNetwork made = read_network(folder / "m.safetensors");
  EXPECT_EQ(made.network.architecture().conditions, 3);
  EXPECT_EQ(made.network.architecture().condition_kind, ConditionKind::of_class);
  EXPECT_EQ(made.network.architecture().scale, OutputScale::learned);
  EXPECT_EQ(made.drop_condition, 0.25);

  report = trained("--data x.npy --conditions y.npy");
  EXPECT_EQ(report["conditions"], "y.npy");
  made = read_network(folder / "m.safetensors");
  EXPECT_EQ(made.network.architecture().conditions, 3);
  EXPECT_EQ(made.network.architecture().condition_kind, ConditionKind::vector);
  EXPECT_NEAR(made.of_conditions.mean[0], 245, 1e-10);
  EXPECT_EQ(made.of_conditions.std[1], 1);

  trained("--target eight-gaussians --labels components");
  EXPECT_EQ(read_network(folder / "m.safetensors").network.architecture().conditions, 8);
}

TEST(TrainCommand, RefusesConditionsThatDoNotFit) {
  TemporaryFolder const folder;
  write(folder / "x.npy", {1, 2, 3, 4}, 2);
  write(folder / "y.npy", {1, 2, 3}, 1);
  auto const labels = [&](char const* name, std::vector<std::int32_t> const& values) {
    put(folder / name,
        npy_bytes(npy_dict("<i4", "(" + std::to_string(values.size()) + ",)"), raw(values)));
  };
  labels("two.npy", {0, 1});
  labels("three.npy", {0, 1, 0});
  labels("gap.npy", {0, 2});
  auto const refuse = [&](std::string const& options, int status,
                          std::vector<std::string> const& parts) {
    expect_refusal(folder, "train --sde vp --out m.safetensors " + options, status, parts);
  };
  std::string const data = "--data x.npy ", target = "--target moons ";
  refuse(data + "--labels three.npy", 1, {"'three.npy' as --labels", "3 labels for 2 rows"});
  refuse(data + "--labels gap.npy", 1, {"'gap.npy' as --labels", "class 1", "no row"});
  refuse(data + "--labels x.npy", 1, {"x.npy", "[2, 2]", "[n]"});
  refuse(data + "--labels none.npy", 1, {"none.npy"});
  refuse(data + "--conditions y.npy", 1, {"'y.npy' as --conditions", "3 conditions for 2 rows"});
  refuse(data + "--conditions x.npy --labels two.npy", 2, {"--labels", "--conditions"});
  refuse(data + "--conditions x.npy --drop-condition 0.1", 2, {"only classes can be withheld"});
  refuse(data + "--drop-condition 0.1", 2, {"only classes can be withheld"});
  refuse(data + "--labels two.npy --drop-condition 2", 2, {"--drop-condition", "[0, 1]"});
  refuse(target + "--labels two.npy", 2, {"'two.npy'", "components"});
  refuse(target + "--conditions x.npy", 2, {"--conditions", "--target"});
  refuse(target + "--scale learnt", 2, {"'learnt'", "'learned'?"});
}

/// At twenty moments, each in a new run: bit for bit the network of a run that was left alone.
TEST(TrainCommand, GoesOnAfterAKillAtAnyMoment) {
  TemporaryFolder const folder;
  std::string const line =
      small + "--iterations 3000 --checkpoint-every 20 --time-sampling importance --ema 0.9,0.999 ";
  ASSERT_EQ(run(folder.path(), line + "--seed 5 --out whole.safetensors").status, 0);
  std::string const expected = bytes_of(folder / "whole.safetensors");
  std::string rest = "--seed 5";  // until there is a checkpoint
  int kills = 0;
  for (int i = 0; i < 20; ++i) {
    Running running(folder.path(), words_of(line + rest + " --out m.safetensors"));
    std::this_thread::sleep_for(std::chrono::milliseconds(30 + 7 * i));
    ::kill(running.process(), SIGKILL);
    kills += running.wait().status == 128 + SIGKILL ? 1 : 0;
    if (std::filesystem::exists(folder / "m.checkpoint")) rest = "--resume m.checkpoint";
  }
  EXPECT_GT(kills, 3);
  Outcome const last = run(folder.path(), line + rest + " --out m.safetensors");
  ASSERT_EQ(last.status, 0) << last.err;
  EXPECT_EQ(bytes_of(folder / "m.safetensors"), expected);
  // One that has come to its end can be asked for its network again.
  ASSERT_EQ(run(folder.path(), line + "--resume m.checkpoint --out again.safetensors").status, 0);
  EXPECT_EQ(bytes_of(folder / "again.safetensors"), expected);
}

TEST(TrainCommand, WritesNoCheckpointWhereNoneIsWanted) {
  TemporaryFolder const folder;
  Outcome const outcome = run(
      folder.path(), small + "--iterations 20 --checkpoint-every 0 --seed 1 --out m.safetensors");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(folder.names(), std::vector<std::string>{"m.safetensors"});
}

TEST(TrainCommand, KeepsItsCheckpointWhenInterrupted) {
  TemporaryFolder const folder;
  Running running(folder.path(),
                  words_of(small + "--iterations 10000000 --seed 1 --out m.safetensors"));
  while (!std::filesystem::exists(folder / "m.checkpoint"))
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  ASSERT_EQ(::kill(running.process(), SIGINT), 0);
  Outcome const outcome = running.wait();
  EXPECT_EQ(outcome.status, 128 + SIGINT);
  EXPECT_TRUE(contains(outcome.err, "'m.checkpoint' has the weights of iteration"));
  EXPECT_EQ(folder.names(), std::vector<std::string>{"m.checkpoint"});
  EXPECT_NO_THROW(static_cast<void>(read_network(folder / "m.checkpoint")));
}

TEST(TrainCommand, StopsWhereTrainingDivergesAndKeepsTheLastGoodWeights) {
  TemporaryFolder const folder;
  Outcome const outcome = run(
      folder.path(), small + "--learning-rate 1e30 --seed 1 --iterations 100 --out m.safetensors");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(contains(outcome.err, "training diverged in iteration "));
  EXPECT_TRUE(contains(outcome.err, "'m.checkpoint' has the weights of iteration 0"));
  EXPECT_EQ(folder.names(), std::vector<std::string>{"m.checkpoint"});
  TrainedNetwork const good = read_network(folder / "m.checkpoint");
  EXPECT_TRUE(std::ranges::all_of(good.network.values(), [](float v) { return std::isfinite(v); }));
}

/// R35: what was there before stays.
TEST(TrainCommand, SaysWhenTheDiskIsFull) {
  TemporaryFolder const folder;
  Outcome outcome = run(folder.path(), small +
                                           "--iterations 5 --checkpoint /dev/full --seed 1 "
                                           "--out m.safetensors");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(contains(outcome.err, "'/dev/full'; No space left"));
  EXPECT_TRUE(folder.names().empty());
  outcome = run(folder.path(), small + "--iterations 5 --seed 1 --out /dev/full");
  EXPECT_EQ(outcome.status, 1);
  EXPECT_TRUE(contains(outcome.err, "'/dev/full'; No space left"));
  EXPECT_TRUE(folder.names().empty());
}

TEST(TrainCommand, RefusesWhatDoesNotFit) {
  TemporaryFolder const folder;
  write(folder / "one.npy", {1, 2}, 2);
  write(folder / "x.npy", {1, 2, 3, 4}, 2);
  put(folder / "nan.npy",
      npy_bytes(npy_dict("<f8", "(2, 1)"), raw(std::vector<double>{0, std::nan("")})));
  put(folder / "bad.checkpoint", "no tensors");
  std::string const out = " --out m.safetensors";
  auto const refuse = [&](std::string const& options, int status,
                          std::vector<std::string> const& parts) {
    expect_refusal(folder, "train " + options + out, status, parts);
  };
  refuse("--sde vp", 2, {"--target is missing", "--data"});
  refuse("--target moons", 2, {"--sde is missing"});
  expect_refusal(folder, "train --target moons --sde vp", 2, {"--out is missing"});
  refuse("--target moons --data x.npy --sde vp", 2, {"--target", "--data"});
  refuse("--data one.npy --sde vp", 1, {"one.npy", "1 row"});
  refuse("--data nan.npy --sde vp", 1, {"nan.npy", "row 1", "NaN"});
  refuse("--data none.npy --sde vp", 1, {"none.npy"});
  refuse("--target mons --sde vp", 2, {"'mons'", "'moons'?"});
  std::string const good = "--target moons --sde vp ";
  refuse(good + "--activation slu", 2, {"activation", "'slu'", "'silu'?"});
  refuse(good + "--prediction nois", 2, {"'nois'", "'noise'?"});
  refuse(good + "--weighting emd", 2, {"'emd'", "'edm'?"});
  refuse(good + "--time-sampling unifrom", 2, {"'unifrom'", "'uniform'?"});
  refuse(good + "--width 0", 2, {"--width", "[1, 16384]"});
  refuse(good + "--depth 0", 2, {"--depth"});
  refuse(good + "--batch 0", 2, {"--batch"});
  refuse(good + "--iterations 0", 2, {"--iterations"});
  refuse(good + "--learning-rate 0", 2, {"--learning-rate", "(0, inf)"});
  refuse(good + "--learning-rate nan", 2, {"--learning-rate"});
  refuse(good + "--ema 1", 2, {"1", "[0, 1)"});
  refuse(good + "--ema 0.9,x", 2, {"--ema", "x"});
  refuse(good + "--clip -1", 2, {"--clip"});
  refuse(good + "--width 16384 --depth 100", 1, {"memory"});
  refuse(good + "--preconditioning edm", 2, {"EDM"});
  refuse(good + "--checkpoint m.safetensors", 2, {"--checkpoint", "--out"});
  refuse(good + "--checkpoint no/m.checkpoint", 1, {"no/m.checkpoint"});
  refuse("--target moons --sde ddpm --prediction flow", 2, {"flow"});
  refuse("--target moons --sde ddpm --weighting likelihood", 2, {"ddpm"});
  refuse("--target moons --sde ddpm --time-sampling log-normal", 2, {"log-normal"});
  refuse(good + "--resume none.checkpoint", 1, {"none.checkpoint"});
  refuse(good + "--resume bad.checkpoint", 1, {"bad.checkpoint"});
  expect_refusal(folder, "train " + good + "--out no/m.safetensors", 1, {"no/m.safetensors"});

  ASSERT_EQ(run(folder.path(), small + "--iterations 5 --seed 1" + out).status, 0);
  expect_refusal(folder, small + "--iterations 5 --seed 2 --resume m.checkpoint" + out, 1,
                 {"m.checkpoint", "seed", "'1'", "'2'"});
  expect_refusal(folder, small + "--iterations 6 --resume m.checkpoint" + out, 1,
                 {"m.checkpoint", "iterations", "'5'", "'6'"});
  expect_refusal(folder, small + "--iterations 5 --activation tanh --resume m.checkpoint" + out, 1,
                 {"m.checkpoint", "activation", "'silu'", "'tanh'"});
}

}  // namespace
}  // namespace retrace::test
