// SPDX-License-Identifier: Apache-2.0
#include <retrace/odeint/sample.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/trace/parameterisation.hpp>

#ifdef __CUDACC__
#pragma nv_diag_suppress 20012  // Boost.Fusion marks defaulted functions for devices
#endif
#include <boost/fusion/include/make_vector.hpp>
#include <boost/numeric/odeint/stepper/explicit_error_generic_rk.hpp>
#include <gtest/gtest.h>
#include <support/messages.hpp>
#include <support/mixtures.hpp>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Mixture target() { return testing::correlated_mixture(2, 3); }

std::vector<double> values(AdaptiveSamples<double> const& run) {
  return {run.x.data(), run.x.data() + run.x.size()};
}

Start<double> prior(Sde const& sde) { return gaussian_start<double>(sde.prior_sigma(), 1); }

/// The same for every thread: how often the model was called is all that is left of a call.
HostModel counted(Mixture const& mixture, std::atomic<std::int64_t>& calls) {
  HostModel model = host_model(mixture);
  model.predict = [&calls, predict = model.predict](auto x, auto const& level, auto out) {
    ++calls;
    predict(x, level, out);
  };
  return model;
}

TEST(OdeintSample, CountsTheEvaluationsOfEachSample) {
  for (OdeStepper const& stepper : odeint_steppers()) {
    std::atomic<std::int64_t> calls = 0;
    auto const run = odeint_sample(counted(target(), calls), make_sde("vp"), stepper, {},
                                   prior(make_sde("vp")), {.samples = 30, .seed = 1});
    std::int64_t sum = 0;
    for (std::int64_t const each : run.evaluations) sum += each;
    EXPECT_EQ(sum, calls) << stepper.name;
    EXPECT_EQ(run.count(Outcome::done), 30) << stepper.name;
    for (double const t : run.t) EXPECT_EQ(t, 1e-5) << stepper.name;
    EXPECT_EQ(run.seed, 1U);
  }
}

TEST(OdeintSample, DependsNeitherOnThreadsNorOnBatches) {  // R59, R60
  for (OdeStepper const& stepper : odeint_steppers()) {
    auto const part = [&](std::uint64_t first, std::int64_t samples) {
      return odeint_sample(target(), make_sde("vp"), stepper, {},
                           {.samples = samples, .seed = 5, .first_sample = first});
    };
    auto const whole = part(100, 23);
    for (std::size_t const threads : {1U, 2U, 3U, 7U}) {
      tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, threads);
      auto const again = part(100, 23);
      EXPECT_EQ(values(again), values(whole)) << stepper.name << ' ' << threads;
      EXPECT_EQ(again.evaluations, whole.evaluations) << stepper.name << ' ' << threads;
    }
    auto joined = values(part(100, 5));
    for (double const x : values(part(105, 1))) joined.push_back(x);
    for (double const x : values(part(106, 17))) joined.push_back(x);
    EXPECT_EQ(joined, values(whole)) << stepper.name;
  }
}

TEST(OdeintSample, DoesNotDependOnWhatTheModelPredicts) {
  Mixture const mixture = target();
  for (char const* name : {"vp", "ve", "cosine"}) {
    Sde const sde = make_sde(name);
    auto const solved = [&](HostModel const& model) {
      return odeint_sample(model, sde, odeint_stepper("dopri5"), {{}, 1e-3}, prior(sde),
                           {.samples = 10, .tolerance = {1e-9, 1e-9}});
    };
    auto const expected = solved(host_model(mixture));
    for (Prediction const prediction : {Prediction::noise, Prediction::denoised, Prediction::score,
                                        Prediction::velocity, Prediction::flow}) {
      auto const run = solved({.dimension = 2,
                               .prediction = prediction,
                               .predict = [&](auto x, NoiseLevel const& level, auto out) {
                                 mixture.at(level).score(x, out);
                                 Affine const f = convert(Prediction::score, prediction, level);
                                 for (std::size_t i = 0; i < out.size(); ++i)
                                   out[i] = f.skip * x[i] + f.out * out[i];
                               }});
      for (std::size_t i = 0; i < run.x.size(); ++i)
        EXPECT_NEAR(run.x.data()[i], expected.x.data()[i], 1e-7)
            << name << ' ' << static_cast<int>(prediction);
    }
  }
}

TEST(OdeintSample, StopsTheSampleThatIsNotFiniteAndNoOther) {  // R1, R3, R4
  Sde const sde = make_sde("vp");
  for (double const bad : {nan, std::numeric_limits<double>::infinity()})
    for (OdeStepper const& stepper : odeint_steppers()) {
      auto const solved = [&](HostModel const& model) {
        return odeint_sample(model, sde, stepper, {}, prior(sde), {.samples = 40});
      };
      HostModel model = host_model(target());
      auto const expected = solved(model);
      model.predict = [bad, predict = model.predict](auto x, NoiseLevel const& level, auto out) {
        predict(x, level, out);
        if (level.t() < 0.3 && x[0] > 0) out[1] = bad;
      };
      auto const run = solved(model);
      int undisturbed = 0;
      EXPECT_GT(run.count(Outcome::done), 5) << stepper.name;
      EXPECT_GT(run.count(Outcome::step_underflow), 5) << stepper.name;
      for (std::size_t i = 0; i < 40; ++i) {
        EXPECT_TRUE(std::isfinite(run.x(i, 0)) && std::isfinite(run.x(i, 1)));
        if (run.outcomes[i] == Outcome::done) {
          EXPECT_EQ(run.t[i], 1e-5);
          // The others may have had a step rejected that looked where there is trouble.
          if (run.rejections[i] != expected.rejections[i]) continue;
          ++undisturbed;
          EXPECT_EQ(run.x(i, 0), expected.x(i, 0));
          EXPECT_EQ(run.x(i, 1), expected.x(i, 1));
          EXPECT_EQ(run.evaluations[i], expected.evaluations[i]);
        } else {
          EXPECT_LE(run.evaluations[i], 1500) << stepper.name;
          EXPECT_GT(run.t[i], 1e-5);
        }
      }
      EXPECT_GT(undisturbed, 5) << stepper.name;
    }
}

TEST(OdeintSample, DoesNotCallTheModelForAStartThatIsNotFinite) {  // R9
  for (OdeStepper const& stepper : odeint_steppers()) {
    std::atomic<std::int64_t> calls = 0;
    Start<double> const start = [](std::uint64_t, Batch<double> x) {
      for (std::size_t i = 0; i < x.extent(0); ++i) x(i, 0) = x(i, 1) = i % 2 == 0 ? nan : 0.5;
    };
    auto const run =
        odeint_sample(counted(target(), calls), make_sde("vp"), stepper, {}, start, {.samples = 9});
    EXPECT_EQ(run.count(Outcome::nonfinite), 5) << stepper.name;
    EXPECT_EQ(run.count(Outcome::done), 4) << stepper.name;
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < 9; ++i) {
      sum += run.evaluations[i];
      EXPECT_EQ(run.evaluations[i] == 0, i % 2 == 0) << stepper.name;
      EXPECT_EQ(run.t[i], i % 2 == 0 ? 1 : 1e-5);
      EXPECT_EQ(std::isnan(run.x(i, 0)), i % 2 == 0) << stepper.name;
    }
    EXPECT_EQ(sum, calls) << stepper.name;
  }
}

TEST(OdeintSample, PassesOnWhatTheModelThrowsFromAnyThread) {  // R7
  tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, 4);
  for (OdeStepper const& stepper : odeint_steppers())
    for (int k = 1; k <= 2000; k = k < 20 ? k + 1 : k * 3) {
      std::atomic<int> calls = 0;
      HostModel model = host_model(target());
      auto const good = model;
      model.predict = [&](auto x, auto const& level, auto out) {
        if (++calls >= k) throw std::runtime_error("the model is gone");
        good.predict(x, level, out);
      };
      EXPECT_THROW((void)odeint_sample(model, make_sde("vp"), stepper, {}, prior(make_sde("vp")),
                                       {.samples = 64}),
                   std::runtime_error)
          << stepper.name << ' ' << k;
    }
}

TEST(OdeintSample, LetsTheModelUseTheThreadsItself) {  // R63
  HostModel model = host_model(target());
  auto const expected = odeint_sample(model, make_sde("vp"), odeint_stepper("dopri5"), {},
                                      prior(make_sde("vp")), {.samples = 30});
  model.predict = [predict = model.predict](auto x, auto const& level, auto out) {
    std::vector<double> whole(out.size());
    predict(x, level, whole);
    tbb::parallel_for(std::size_t{0}, out.size(), [&](std::size_t i) { out[i] = whole[i]; });
  };
  auto const run = odeint_sample(model, make_sde("vp"), odeint_stepper("dopri5"), {},
                                 prior(make_sde("vp")), {.samples = 30});
  EXPECT_EQ(values(run), values(expected));
}

TEST(OdeintSample, RefusesBadTolerancesEndsAndNumbers) {  // R10, R12
  OdeStepper const& stepper = odeint_stepper("dopri5");
  std::atomic<std::int64_t> calls = 0;
  auto const refusal = [&](char const* sde, Span span, OdeintOptions const& options) {
    return argument_error([&] {
      (void)odeint_sample(counted(target(), calls), make_sde(sde), stepper, span,
                          prior(make_sde(sde)), options);
    });
  };
  for (double const bad : {nan, -1e-5, 0.0, 2.0, std::numeric_limits<double>::infinity()}) {
    EXPECT_TRUE(contains(refusal("vp", {}, {.samples = 1, .tolerance = {bad, 1e-5}}), "--rtol"));
    EXPECT_TRUE(contains(refusal("vp", {}, {.samples = 1, .tolerance = {1e-5, bad}}), "--atol"));
  }
  for (double const bad : {nan, -0.1, 1.1}) {
    EXPECT_TRUE(contains(refusal("vp", {bad, {}}, {.samples = 1}), "--from"));
    EXPECT_TRUE(contains(refusal("vp", {{}, bad}, {.samples = 1}), "--to"));
  }
  EXPECT_TRUE(contains(refusal("vp", {0.5, 0.5}, {.samples = 1}), "must differ"));
  EXPECT_TRUE(contains(refusal("vp", {}, {.samples = -1}), "samples"));
  EXPECT_TRUE(contains(refusal("vp", {}, {.samples = 1, .max_evaluations = 0}), "evaluations"));
  EXPECT_EQ(calls, 0);
}

TEST(OdeintSample, GoesToEitherEndWhereThePredictionSaysWhereToGo) {
  Mixture const mixture = target();
  auto const solved = [&](Prediction prediction, Span span) {
    HostModel model = host_model(mixture);
    if (prediction == Prediction::score)
      model = {
          .dimension = 2,
          .prediction = prediction,
          .predict = [&](auto x, auto const& level, auto out) { mixture.at(level).score(x, out); }};
    return odeint_sample(model, make_sde("rectified-flow"), odeint_stepper("dopri5"), span,
                         prior(make_sde("rectified-flow")), {.samples = 5});
  };
  EXPECT_EQ(solved(Prediction::velocity, {1.0, 0.0}).count(Outcome::done), 5);
  EXPECT_EQ(solved(Prediction::velocity, {0.0, 1.0}).count(Outcome::done), 5);
  EXPECT_EQ(solved(Prediction::score, {0.999, 1e-5}).count(Outcome::done), 5);
  EXPECT_TRUE(contains(argument_error([&] {
                         (void)solved(Prediction::score, {1.0, 0.1});
                       }),
                       "--from cannot be 1; alpha is 0 there"));
  EXPECT_TRUE(contains(argument_error([&] {
                         (void)solved(Prediction::score, {0.5, 0.0});
                       }),
                       "--to cannot be 0; sigma is 0 there"));
}

TEST(OdeintSample, GivesNoSampleToNobody) {  // R18
  std::atomic<std::int64_t> calls = 0;
  auto const run = odeint_sample(counted(target(), calls), make_sde("vp"), odeint_stepper("dopri5"),
                                 {}, prior(make_sde("vp")), {});
  EXPECT_EQ(run.x.extent(0), 0U);
  EXPECT_EQ(run.x.extent(1), 2U);
  EXPECT_EQ(calls, 0);
}

TEST(OdeintSample, GoesOnFromWhereItsEvaluationsRanOut) {  // R14
  Sde const sde = make_sde("vp");
  OdeStepper const& stepper = odeint_stepper("cash-karp54");
  Tolerance const tolerance{1e-7, 1e-7};
  auto const whole = odeint_sample(host_model(target()), sde, stepper, {}, prior(sde),
                                   {.samples = 8, .tolerance = tolerance});
  auto const first = odeint_sample(host_model(target()), sde, stepper, {}, prior(sde),
                                   {.samples = 8, .tolerance = tolerance, .max_evaluations = 40});
  EXPECT_EQ(first.count(Outcome::max_steps), 8);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_LE(first.evaluations[i], 40);
    HostArray<double> state("state", 1, 2);
    for (std::size_t c = 0; c < 2; ++c) state(0, c) = first.x(i, c);
    auto const rest =
        odeint_sample(host_model(target()), sde, stepper, {first.t[i], {}},
                      given_start<double>(state, 0), {.samples = 1, .tolerance = tolerance});
    for (std::size_t c = 0; c < 2; ++c) EXPECT_NEAR(rest.x(0, c), whole.x(i, c), 1e-6);
  }
}

/// Bogacki and Shampine 1989, 3(2), put together from Odeint's parts as a user would.
class BogackiShampine
    : public boost::numeric::odeint::explicit_error_generic_rk<4, 3, 3, 2, OdeState> {
  using Base = boost::numeric::odeint::explicit_error_generic_rk<4, 3, 3, 2, OdeState>;

 public:
  BogackiShampine()
      : Base(boost::fusion::make_vector(boost::array<double, 1>{1. / 2},
                                        boost::array<double, 2>{0, 3. / 4},
                                        boost::array<double, 3>{2. / 9, 1. / 3, 4. / 9}),
             {2. / 9, 1. / 3, 4. / 9, 0}, {-5. / 72, 1. / 12, 1. / 9, -1. / 8},
             {0, 1. / 2, 3. / 4, 1}) {}
};

TEST(OdeintSample, TakesAStepperOfOnesOwn) {
  Sde const sde = make_sde("ve");
  OdeStepper const own{.name = "bogacki-shampine",
                       .summary = "3(2)",
                       .paper = "Bogacki and Shampine 1989",
                       .order = 3,
                       .make = controlled<BogackiShampine>()};
  OdeintOptions const options{.samples = 20, .tolerance = {1e-8, 1e-8}};
  auto const run = odeint_sample(host_model(target()), sde, own, {}, prior(sde), options);
  auto const expected = odeint_sample(host_model(target()), sde, odeint_stepper("fehlberg78"), {},
                                      prior(sde), options);
  EXPECT_EQ(run.count(Outcome::done), 20);
  for (std::size_t i = 0; i < run.x.size(); ++i)
    EXPECT_NEAR(run.x.data()[i], expected.x.data()[i], 5e-6);
  EXPECT_GT(run.evaluations[0], 2 * expected.evaluations[0]);
}

}  // namespace
}  // namespace retrace
