// SPDX-License-Identifier: Apache-2.0
#include <retrace/nn/host_network.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/eight_gaussians.hpp>
#include <retrace/targets/gaussian.hpp>
#include <retrace/training/trainer.hpp>

#include <gtest/gtest.h>
#include <io/support/files.hpp>
#include <tbb/global_control.h>
#include <training/support/noise_error.hpp>
#include <training/support/tasks.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

TEST(Trainer, GivesTheSameBitsOnAnyNumberOfThreads) {
  AlignedVector<float> found[2];
  for (std::size_t const threads : {std::size_t{1}, std::size_t{2}}) {
    tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, threads);
    Trainer trainer(small_task());
    run(trainer, 30);
    found[threads - 1] = values_of(trainer);
  }
  EXPECT_EQ(found[0], found[1]);
}

TEST(Trainer, GoesOnFromACheckpointBitForBit) {
  TemporaryFolder const folder;
  for (auto const& [name, sampling] : names<TimeSampling>()) {
    SCOPED_TRACE(name);
    TrainingTask task = small_task();
    task.options.time_sampling = sampling;
    task.options.ema = {0.9, 0.99};
    task.options.batch = 2000;  // so that every bin of importance sampling has its losses
    Trainer whole(task);
    run(whole, 60);
    Trainer first(task);
    for (int const stop : {1, 17, 42}) {
      run(first, stop);
      first.write_checkpoint(folder / "m.checkpoint");
      Trainer second(task, folder / "m.checkpoint");
      EXPECT_EQ(second.iteration(), stop);
      run(second, 60);
      EXPECT_EQ(values_of(second), values_of(whole));
      EXPECT_EQ(second.recent_loss(), whole.recent_loss());
      EXPECT_TRUE(std::ranges::equal(second.network(1).network.values(),
                                     whole.network(1).network.values()));
    }
  }
}

TEST(Trainer, RefusesACheckpointOfAnotherRunNamingTheField) {
  TemporaryFolder const folder;
  Trainer trainer(small_task());
  run(trainer, 2);
  trainer.write_checkpoint(folder / "m.checkpoint");
  std::string const whole = bytes_of(folder / "m.checkpoint");
  auto const refused = [&](std::string const& field, auto const& change) {
    TrainingTask task = small_task();
    change(task);
    std::string const message = refusal([&] { Trainer{std::move(task), folder / "m.checkpoint"}; });
    EXPECT_TRUE(contains(message, "m.checkpoint"));
    EXPECT_TRUE(contains(message, "its " + field + " is"));
  };
  refused("seed", [](TrainingTask& t) { t.options.seed = 4; });
  refused("iterations", [](TrainingTask& t) { t.options.iterations = 61; });
  refused("batch", [](TrainingTask& t) { t.options.batch = 301; });
  refused("learning_rate", [](TrainingTask& t) { t.options.learning_rate = 1e-3; });
  refused("warm_up", [](TrainingTask& t) { t.options.warm_up = 6; });
  refused("weight_decay", [](TrainingTask& t) { t.options.weight_decay = 0.1; });
  refused("clip", [](TrainingTask& t) { t.options.clip = 0; });
  refused("ema", [](TrainingTask& t) { t.options.ema = {0.9}; });
  refused("weighting", [](TrainingTask& t) { t.options.weighting = Weighting::min_snr; });
  refused("time_sampling",
          [](TrainingTask& t) { t.options.time_sampling = TimeSampling::uniform; });
  refused("sde", [](TrainingTask& t) { t.sde = "sub-vp"; });
  refused("width", [](TrainingTask& t) { t.architecture.width = 25; });
  {
    TrainingTask conditional = conditional_task();
    Trainer other(conditional);
    other.write_checkpoint(folder / "c.checkpoint");
    conditional.options.drop_condition = 0.2;
    EXPECT_TRUE(contains(refusal([&] {
                           Trainer{conditional, folder / "c.checkpoint"};
                         }),
                         "its drop_condition is '0.3', here it is '0.2'"));
  }
  refused("scale", [](TrainingTask& t) { t.architecture.scale = OutputScale::learned; });
  refused("condition", [](TrainingTask& t) {
    t.data = t.data.with_components();
    t.architecture.conditions = 8;
  });
  refused("prediction", [](TrainingTask& t) { t.architecture.prediction = Prediction::velocity; });
  refused("data", [](TrainingTask& t) { t.data = TrainingData(eight_gaussians{}(), "moons"); });

  // Damaged ones tell as well (R57).
  for (std::size_t i = 0; i < whole.size(); i += 1 + whole.size() / 300) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    put(folder / "m.checkpoint", changed);
    EXPECT_TRUE(refuses([&] { Trainer{small_task(), folder / "m.checkpoint"}; })) << i;
  }
}

/// A checkpoint is a network too, the one of the first average.
TEST(Trainer, WritesNetworksThatAreReadBack) {
  TemporaryFolder const folder;
  TrainingTask task = small_task("ve");
  task.options.ema = {0.9, 0.99};
  Trainer trainer(task);
  run(trainer, 3);
  trainer.write_checkpoint(folder / "m.checkpoint");
  trainer.write(folder / "m.safetensors");
  for (auto const* const name : {"m.checkpoint", "m.safetensors"}) {
    TrainedNetwork const read = read_network(folder / name);
    EXPECT_EQ(read.network.architecture(), task.architecture);
    EXPECT_EQ(read.sde, "ve");
    EXPECT_TRUE(std::ranges::equal(read.network.values(), trainer.network().network.values()));
  }
  SafetensorsFile const file(folder / "m.safetensors");
  auto const second = file.values("ema/0.99/o.bias");
  Network const expected = trainer.network(1).network;
  EXPECT_TRUE(std::ranges::equal(second, expected.tensor("o.bias")));
}

TEST(Trainer, StopsWhereTheLossDivergesAndKeepsItsWeights) {
  TrainingTask task = small_task();
  task.options.learning_rate = 1e30;
  task.options.warm_up = 0;
  Trainer trainer(task);
  std::string const message = refusal([&] { run(trainer, 60); }, Fault::numerics);
  EXPECT_TRUE(contains(message, "diverged in iteration " + std::to_string(trainer.iteration())));
  EXPECT_TRUE(contains(message, "not finite"));

  task.options.learning_rate = 30;  // finite, but worse and worse
  task.options.iterations = 3000;
  Trainer slower(task);
  EXPECT_TRUE(contains(refusal([&] { run(slower, 3000); }, Fault::numerics), "at first it was"));
  EXPECT_TRUE(std::ranges::all_of(values_of(slower), [](float v) { return std::isfinite(v); }));
}

/// On every process and for everything a network can predict, the loss falls; `validate` sees it
/// on draws of its own.
TEST(Trainer, LowersTheLossOnEverySdeForEveryPrediction) {
  for (auto const& sde : sdes())
    for (auto const& [name, prediction] : names<Prediction>()) {
      SCOPED_TRACE(std::string(sde.name) + " " + std::string(name));
      bool const discrete = make_sde(sde.name).is_discrete();
      if (discrete && prediction == Prediction::flow) continue;
      TrainingTask task = small_task(sde.name);
      task.architecture.prediction = prediction;
      task.architecture.conditioning = Conditioning::log_sigma;
      if (prediction == Prediction::denoised)
        task.architecture.preconditioning = Preconditioning::edm;
      task.options.weighting = Weighting::epsilon;
      task.options.iterations = 300;
      auto const mean = [](std::vector<ValidationLoss> const& losses) {
        double sum = 0;
        for (auto const& part : losses) sum += part.loss;
        return sum / static_cast<double>(losses.size());
      };
      Trainer trainer(task);
      double const before = mean(trainer.validate());
      run(trainer, 300);
      EXPECT_LT(mean(trainer.validate()), 0.96 * before);
    }
}

/// The best score of Gaussian data is known and linear: a network comes close to it, under every
/// weighting and way of drawing times.
TEST(Trainer, FindsTheScoreOfAGaussian) {
  auto const task = [](Weighting weighting, TimeSampling sampling) -> TrainingTask {
    return {.architecture = {.width = 32,
                             .depth = 2,
                             .conditioning = Conditioning::log_sigma,
                             .frequencies = 8},
            .sde = "vp",
            .data = TrainingData(gaussian{.dimension = 2}(), "gaussian"),
            .options = {.iterations = 3000,
                        .batch = 256,
                        .seed = 1,
                        .weighting = weighting,
                        .time_sampling = sampling,
                        .learning_rate = 3e-3}};
  };
  Target const target = gaussian{.dimension = 2}();
  auto const error = [&](Trainer const& trainer) {
    return noise_error(trainer.network().network, target);
  };
  for (auto const& [name, weighting] : names<Weighting>()) {
    SCOPED_TRACE(name);
    Trainer trainer(task(weighting, TimeSampling::low_discrepancy));
    double const before = error(trainer);
    run(trainer, 3000);
    EXPECT_LT(error(trainer), 0.1);
    EXPECT_GT(before, 0.5);
  }
  for (auto const& [name, sampling] : names<TimeSampling>()) {
    SCOPED_TRACE(name);
    Trainer trainer(task(Weighting::epsilon, sampling));
    run(trainer, 3000);
    EXPECT_LT(error(trainer), 0.1);
  }
}

}  // namespace
}  // namespace retrace::test
