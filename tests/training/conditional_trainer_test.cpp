// SPDX-License-Identifier: Apache-2.0
#include <retrace/metrics/projected_distances.hpp>
#include <retrace/nn/conditioned.hpp>
#include <retrace/nn/host_network.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/grid_rule.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/draw_rows.hpp>
#include <retrace/training/trainer.hpp>

#include <gtest/gtest.h>
#include <io/support/files.hpp>
#include <training/support/noise_error.hpp>
#include <training/support/tasks.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

TEST(Trainer, GoesOnFromACheckpointOfAConditionalNetworkBitForBit) {
  TemporaryFolder const folder;
  Trainer whole(conditional_task()), first(conditional_task());
  run(whole, 60);
  run(first, 17);
  first.write_checkpoint(folder / "m.checkpoint");
  Trainer second(conditional_task(), folder / "m.checkpoint");
  run(second, 60);
  EXPECT_EQ(values_of(second), values_of(whole));
  for (float const scale : whole.network().network.tensor("scale")) EXPECT_NE(scale, 1);
}

TEST(Trainer, RefusesConditionsThatDoNotFit) {
  auto const refused = [](auto const& change) {
    TrainingTask task = conditional_task();
    change(task);
    return refusal([&] { Trainer{std::move(task)}; }, Fault::argument);
  };
  EXPECT_TRUE(contains(refused([](TrainingTask& t) { t.architecture.conditions = 7; }),
                       "conditioned on 7 classes; the data have 8 classes"));
  EXPECT_TRUE(contains(
      refused([](TrainingTask& t) { t.architecture.condition_kind = ConditionKind::vector; }),
      "8 numbers; the data have 8 classes"));
  EXPECT_TRUE(contains(refused([](TrainingTask& t) { t.options.drop_condition = 1.5; }), "[0, 1]"));
  EXPECT_TRUE(contains(refused([](TrainingTask& t) {
                         t = small_task();
                         t.options.drop_condition = 0.1;
                       }),
                       "only classes can be withheld"));
}

/// The share of examples without their class is the one asked for: with all of them withheld, the
/// matrices of the condition are never trained.
TEST(Trainer, WithholdsTheShareOfClassesAskedFor) {
  auto const moved = [](double share) {
    TrainingTask task = conditional_task();
    task.options.drop_condition = share;
    Trainer trainer(task);
    run(trainer, 20);
    Network const start = random_network(task.architecture, task.options.seed);
    TrainedNetwork const made = trainer.network();
    double sum = 0;
    auto const before = start.tensor("c.1.weight"), after = made.network.tensor("c.1.weight");
    for (std::size_t i = 0; i < before.size(); ++i)
      sum += std::abs(static_cast<double>(after[i] - before[i]));
    return sum;
  };
  EXPECT_EQ(moved(1), 0);
  EXPECT_GT(moved(0.5), 0);
  EXPECT_NE(moved(0.5), moved(0));
}

/// The score of each component of a mixture is known and linear: conditioned on the component, a
/// network comes close to it, and without a condition, having been trained without one now and
/// then, to that of the mixture.
TEST(Trainer, FindsTheScoreOfEveryClassAndOfAllOfThem) {
  Mixture const mixture =
      Mixture::isotropic({0.5, 0.3, 0.2}, {-2, 0, 1, 1.5, 1, -1.5}, {0.25, 0.09, 0.5});
  TrainingTask const task{.architecture = {.width = 64,
                                           .depth = 2,
                                           .frequencies = 8,
                                           .conditions = 3,
                                           .scale = OutputScale::learned},
                          .sde = "vp",
                          .data = TrainingData(mixture, "three").with_components(),
                          .options = {.iterations = 6000,
                                      .batch = 256,
                                      .seed = 1,
                                      .weighting = Weighting::epsilon,
                                      .learning_rate = 3e-3,
                                      .drop_condition = 0.2}};
  Trainer trainer(task);
  run(trainer, 6000);
  Network const network = trainer.network().network;
  auto const error = [&](Target const& target, std::int64_t number) {
    return noise_error(conditioned(network, class_condition(network.architecture(), number)),
                       target);
  };
  auto const component = [&](std::size_t k) {
    return Mixture::isotropic({1}, {mixture.means()[2 * k], mixture.means()[2 * k + 1]},
                              {mixture.variances()[k]});
  };
  // Samples of a class follow the law of its component.
  auto const distance = [&](std::int64_t number, Target const& target) {
    constexpr std::int64_t n = 4000;
    auto const run =
        sample<double>(conditioned(network, class_condition(network.architecture(), number)),
                       make_sampler("dpmpp-2m"), make_grid("log-snr", make_sde("vp"), 40, {}),
                       {.samples = n, .seed = 5});
    return projected_distances(std::span(run.x.data(), run.x.size()), draw_rows(target, 6, 0, n), 2)
        .sliced_wasserstein;
  };
  EXPECT_LT(error(mixture, no_class), 0.15);
  for (std::size_t k = 0; k < 3; ++k) {
    EXPECT_LT(error(component(k), std::int64_t(k)), 0.15) << k;
    EXPECT_GT(error(component(k), std::int64_t((k + 1) % 3)), 0.4) << k;  // the control
    EXPECT_LT(distance(std::int64_t(k), component(k)), 0.1) << k;
    EXPECT_GT(distance(std::int64_t((k + 1) % 3), component(k)), 1) << k;
  }
}

}  // namespace
}  // namespace retrace::test
