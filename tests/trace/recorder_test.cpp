// SPDX-License-Identifier: Apache-2.0
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/trace/allocate.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>

#include <cmath>
#include <sstream>
#include <string>

namespace retrace {
namespace {

using testing::argument_error;

Grid small_grid(std::int64_t steps = 3, char const* rule = "log-snr") {
  return make_grid(rule, make_sde("vp"), steps, {1.0, 1e-3});
}

TEST(Recorder, TracesDdimToOneEvaluationAndOneCombinationAStep) {
  Program const p = trace(make_sampler("ddim"), small_grid(5));
  EXPECT_EQ(p.evaluations(), 5);
  EXPECT_EQ(p.code.size(), 10U);
  EXPECT_EQ(p.draws, 0);
  EXPECT_EQ(allocate(p, 2).registers, 2);
}

TEST(Recorder, CountsOneEvaluationForAllItsParameterisations) {
  auto const sampler = [](Recorder& model, Grid const& grid, Vec x) {
    NoiseLevel const s = grid.level(0);
    return model.denoised(x, s) + model.noise(x, s) + model.score(x, s) + model.velocity(x, s) +
           model.flow(x, s);
  };
  EXPECT_EQ(trace(AnySampler(sampler), small_grid()).evaluations(), 1);
}

TEST(Recorder, DropsWhatNobodyUses) {
  auto const sampler = [](Recorder& model, Grid const& grid, Vec x) {
    (void)model.denoised(x, grid.level(0));
    (void)model.normal(grid.level(0), grid.level(1), 1);
    return model.denoised(x, grid.level(1)) + model.normal(grid.level(0), grid.level(1), 2);
  };
  Program const p = trace(AnySampler(sampler), small_grid());
  EXPECT_EQ(p.evaluations(), 1);
  EXPECT_EQ(p.draws, 1);
}

TEST(Recorder, NamesDrawsByStepAndNumber) {
  auto const sampler = [](Recorder& model, Grid const& grid, Vec x) {
    NoiseLevel const middle = grid.between(grid.level(1), grid.level(2), 0.5);
    return x + 2 * model.normal(middle, grid.level(2), 1) +
           3 * model.normal(grid.level(1), middle, 0) +
           4 * model.normal(grid.level(0), grid.level(1)) + model.normal(grid.level(1), middle, 0);
  };
  Program const p = trace(AnySampler(sampler), small_grid());
  ASSERT_EQ(p.draws, 3);
  std::vector<DrawKey> keys(3);
  for (Instruction const& i : p.code)
    if (i.op == Op::normal) keys[static_cast<std::size_t>(i.ordinals[0])] = i.draw;
  EXPECT_EQ(keys[0], (DrawKey{0, 0}));
  EXPECT_EQ(keys[1], (DrawKey{1, 0}));
  EXPECT_EQ(keys[2], (DrawKey{1, 1}));
}

TEST(Recorder, PrintsTheSameProgramHoweverASumIsWritten) {
  // C++ does not order the operands of +: these two are what two compilers make of one text.
  auto const one = [](Recorder& model, Grid const& grid, Vec x) {
    for (auto const [s, t, i] : grid.steps()) {
      Vec const noise = 0.3 * model.normal(s, t), more = 0.2 * model.normal(s, t, 1);
      x = 0.5 * x + 0.1 * model.score(x, s) + more + noise;
    }
    return x;
  };
  auto const other = [](Recorder& model, Grid const& grid, Vec x) {
    for (auto const [s, t, i] : grid.steps()) {
      Vec const score = 0.1 * model.score(x, s), more = 0.2 * model.normal(s, t, 1);
      x = 0.3 * model.normal(s, t) + more + score + 0.5 * x;
    }
    return x;
  };
  std::ostringstream a, b;
  a << trace(AnySampler(one), small_grid());
  b << trace(AnySampler(other), small_grid());
  EXPECT_EQ(a.str(), b.str());
  EXPECT_NE(a.str().find("evaluations: 3, draws: 6"), std::string::npos) << a.str();
}

TEST(Recorder, KeepsInstructionsPerStepBounded) {
  for (SamplerEntry const& entry : samplers()) {
    auto const size = [&](std::int64_t n) {
      return static_cast<double>(trace(make_sampler(entry.name), small_grid(n)).code.size());
    };
    EXPECT_NEAR(size(60) / 60, size(120) / 120, 0.2) << entry.name;
    // A stage of a long method combines all stages before it, six at a time.
    auto const stages =
        static_cast<int>(traced_traits(make_sampler(entry.name)).evaluations_per_step);
    EXPECT_LE(size(60) / 60, std::max(12, 3 * stages)) << entry.name;
    EXPECT_LE(allocate(trace(make_sampler(entry.name), small_grid(60)), 2).registers,
              std::max(9, stages + 1))
        << entry.name;
  }
}

TEST(Recorder, MaterialisesLongCombinations) {
  auto const sampler = [](Recorder& model, Grid const& grid, Vec x) {
    for (auto const [s, t, i] : grid.steps()) x = x + 0.1 * model.denoised(x, s);
    Vec sum = x;
    for (std::int32_t k = 0; k < 40; ++k)
      sum = sum + 0.1 * model.normal(grid.level(0), grid.level(1), k);
    return sum;
  };
  Program const p = trace(AnySampler(sampler), small_grid());
  EXPECT_EQ(p.draws, 40);
  for (Instruction const& i : p.code) EXPECT_LE(i.operands, max_operands);
}

TEST(Recorder, RefusesWhatKernelsCannotReport) {
  auto const grid = small_grid();
  EXPECT_NE(argument_error([&] {
              return trace(AnySampler([](Recorder& model, Grid const& g, Vec x) {
                             return std::sqrt(-1.0) * model.denoised(x, g.level(1));
                           }),
                           grid);
            }).find("not finite at t ="),
            std::string::npos);
  EXPECT_NE(argument_error([&] {
              return trace(AnySampler([](Recorder&, Grid const&, Vec x) { return x - x; }), grid);
            }).find("cancel"),
            std::string::npos);
  EXPECT_NE(argument_error([&] {
              return trace(AnySampler([](Recorder&, Grid const&, Vec) { return Vec(); }), grid);
            }).find("empty"),
            std::string::npos);
}

TEST(Recorder, RefusesLevelsAtWhichASamplersFormulasDoNotExist) {
  Grid const flow = make_grid("uniform", make_sde("rectified-flow"), 5, {1.0, 1e-3});
  EXPECT_EQ(trace(make_sampler("ddim"), flow).evaluations(), 5);
  EXPECT_EQ(trace(make_sampler("bosh3"), flow).evaluations(), 15);
  for (char const* sampler : {"euler-maruyama",
                              "ancestral",
                              "ddim:eta=1",
                              "edm-heun",
                              "dpmpp-2m",
                              "dpmpp-2s",
                              "dpmpp-3m",
                              "dpm-solver-1",
                              "dpm-solver-3",
                              "unipc-2",
                              "unipc-3:start=low",
                              "deis-1",
                              "deis-3",
                              "deis-4:start=low",
                              "lms-2",
                              "lms-4",
                              "ipndm-1",
                              "ipndm-4",
                              "pndm",
                              "exp-ab-2",
                              "exp-ab-4:prediction=noise",
                              "dpm2-ancestral",
                              "dpmpp-2s-ancestral",
                              "dpmpp-sde",
                              "dpmpp-2m-sde",
                              "dpmpp-3m-sde",
                              "sa-solver",
                              "er-sde-1",
                              "er-sde-3",
                              "seeds-1",
                              "seeds-2",
                              "seeds-3",
                              "stochastic-heun",
                              "sra1",
                              "restart"})
    EXPECT_NE(argument_error([&] { return trace(make_sampler(sampler), flow); }).find("--from"),
              std::string::npos)
        << sampler;
  // A score says nothing of the denoised state at alpha = 0.
  EXPECT_NE(argument_error([&] {
              return trace(make_sampler("ddim"), flow, Prediction::score);
            }).find("does not determine"),
            std::string::npos);
}

TEST(Recorder, AppendsTheCleanStepAsTheDenoisedState) {
  Program const p = trace(make_sampler("edm-heun"), make_grid("karras", make_sde("edm"), 18));
  EXPECT_EQ(p.evaluations(), 35);  // 2 N - 1, Karras et al. 2022
  Instruction const& last = p.code.back();
  EXPECT_EQ(last.op, Op::eval);
  EXPECT_EQ(last.skip, 0);
  EXPECT_EQ(last.out, 1);
}

TEST(Recorder, LeavesOutTheLastNoiseWhereAsked) {
  for (char const* sampler : {"euler-maruyama", "ancestral", "ddim:eta=1", "edm-heun:churn=3",
                              "euler-maruyama:step=score-sde"}) {
    AnySampler const made = make_sampler(sampler);
    auto const own = made.own_grid(make_sde("vp"), 4, {});
    Grid const grid = own ? *own : small_grid(4);
    EXPECT_EQ(trace(made, grid).draws, 4) << sampler;
    EXPECT_EQ(trace(made, grid, Prediction::denoised, LastNoise::drop).draws, 3) << sampler;
  }
}

TEST(Recorder, HandsOnSegmentsThatAddUpToTheWhole) {
  for (SamplerEntry const& entry : samplers()) {
    AnySampler const sampler = make_sampler(entry.name);
    Program const whole = trace(sampler, small_grid(20));
    std::int64_t evaluations = 0, draws = 0, segments = 0;
    std::size_t outputs = 1;
    auto const take = [&](Program const& p) {
      EXPECT_EQ(static_cast<std::size_t>(p.inputs), outputs) << entry.name;
      outputs = p.outputs.size();
      evaluations += p.evaluations();
      draws += p.draws;
      ++segments;
    };
    take(trace(sampler, small_grid(20), Prediction::denoised, LastNoise::keep, {3, take}));
    EXPECT_EQ(evaluations, whole.evaluations()) << entry.name;
    EXPECT_EQ(draws, whole.draws) << entry.name;
    EXPECT_GE(segments, 6) << entry.name;
  }
}

TEST(Recorder, RefusesNoiseFromDataToNoise) {
  Grid const forwards = make_grid("uniform", make_sde("vp"), 3, {1e-3, 1.0});
  EXPECT_NE(
      argument_error([&] { return trace(make_sampler("ancestral"), forwards); }).find("noise"),
      std::string::npos);
  EXPECT_EQ(trace(make_sampler("ddim"), forwards).evaluations(), 3);
}

}  // namespace
}  // namespace retrace
