// SPDX-License-Identifier: Apache-2.0
#include "encoded_points.hpp"

#include <retrace/likelihood/encode.hpp>
#include <retrace/likelihood/exact_divergence.hpp>
#include <retrace/likelihood/hutch_pp.hpp>
#include <retrace/likelihood/hutchinson.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/checkerboard.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>
#include <support/messages.hpp>
#include <support/mixtures.hpp>
#include <targets/example_mixtures.hpp>
#include <tbb/global_control.h>

#include <algorithm>
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
using testing::points;
using testing::row_of;
using testing::volume_error;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// The same for every thread: how often the model was called is all that is left of a call.
HostModel counted(Target const& target, std::atomic<std::int64_t>& calls) {
  HostModel model = host_model(target);
  model.divergence = [&calls, exact = model.divergence](auto x, auto const& level, auto out) {
    ++calls;
    return exact(x, level, out);
  };
  return model;
}

TEST(Encode, CountsTheEvaluationsOfEachPoint) {
  Target const target = correlated_2d().mixture();
  std::atomic<std::int64_t> calls = 0;
  for (OdeStepper const& stepper : odeint_steppers()) {
    calls = 0;
    auto const x = points(target, make_sde("vp").at(1e-5), 7);
    auto const run = encode(counted(target, calls), make_sde("vp"), stepper, {}, x,
                            divergences::exact{}, {.volume_error = volume_error(stepper)});
    std::int64_t sum = 0;
    for (std::int64_t const each : run.evaluations) sum += each;
    EXPECT_EQ(sum, calls) << stepper.name;
    for (double const t : run.t) EXPECT_EQ(t, 1);
  }
}

TEST(Encode, RefusesWhatItCannotUseBeforeTheModelIsCalled) {  // R9, R10, R12
  Target const target = correlated_2d().mixture();
  std::atomic<std::int64_t> calls = 0;
  auto const refusal = [&](Span span, std::vector<double> const& x, EncodeOptions const& options,
                           DivergenceEstimator const& divergence = divergences::exact{}) {
    return argument_error([&] {
      (void)encode(counted(target, calls), make_sde("vp"), odeint_stepper("dopri5"), span, x,
                   divergence, options);
    });
  };
  double const infinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(contains(refusal({}, {0, 1, 2, nan}, {}), "row 1 of the points is not finite"));
  EXPECT_TRUE(contains(refusal({}, {-infinity, 1, 2, 3}, {}), "row 0 of the points"));
  EXPECT_TRUE(contains(refusal({}, {0, 1, 2}, {}), "hold 3 numbers; that is not [n][2]"));
  for (double const bad : {nan, -1e-5, 0.0, 2.0, infinity}) {
    EXPECT_TRUE(contains(refusal({}, {0, 1}, {.tolerance = {bad, 1e-5}}), "--rtol"));
    EXPECT_TRUE(contains(refusal({}, {0, 1}, {.tolerance = {1e-5, bad}}), "--atol"));
  }
  for (double const bad : {nan, -0.1, 1.1}) {
    EXPECT_TRUE(contains(refusal({bad, {}}, {0, 1}, {}), "--from"));
    EXPECT_TRUE(contains(refusal({{}, bad}, {0, 1}, {}), "--to"));
  }
  EXPECT_TRUE(contains(refusal({0.5, 0.5}, {0, 1}, {}), "must differ"));
  EXPECT_TRUE(contains(refusal({}, {0, 1}, {.max_evaluations = 0}), "evaluations"));
  EXPECT_TRUE(
      contains(refusal({}, {0, 1}, {}, divergences::hutchinson{Probes::given({1, 1, 1}, 1, 1, 3)}),
               "the probes are [1][1][3]; the points are [1][2]"));
  EXPECT_EQ(calls, 0);
  EXPECT_NE(argument_error([&] {
              (void)encode(host_model(target), make_sde("ddpm"), odeint_stepper("dopri5"), {},
                           std::vector<double>{0, 1}, divergences::exact{});
            }),
            "");
  HostModel opaque = host_model(target);
  opaque.divergence = {};
  opaque.products = {};
  for (DivergenceEstimator const& estimator : std::vector<DivergenceEstimator>{
           divergences::exact{}, divergences::hutchinson{}, divergences::hutch_pp{}})
    EXPECT_TRUE(contains(argument_error([&] {
                           (void)encode(opaque, make_sde("vp"), odeint_stepper("dopri5"), {},
                                        std::vector<double>{0, 1}, estimator);
                         }),
                         "it has no derivatives; with_differences()"));
}

TEST(Encode, StopsThePointThatIsNotFiniteAndNoOther) {  // R1, R3, R4, R14
  Target const target = correlated_2d().mixture();
  Sde const sde = make_sde("vp");
  auto const x = points(target, sde.at(1e-5), 20);
  HostModel model = host_model(target);
  model.divergence = [exact = model.divergence](auto at, NoiseLevel const& level, auto out) {
    double const right = exact(at, level, out);
    return level.t() > 0.3 && at[0] > 0 ? nan : right;
  };
  for (OdeStepper const& stepper : odeint_steppers()) {
    auto const run = encode(model, sde, stepper, {}, x, divergences::exact{},
                            {.volume_error = volume_error(stepper)});
    auto const count = [&](Outcome outcome) {
      return std::count(run.outcomes.begin(), run.outcomes.end(), outcome);
    };
    EXPECT_GT(count(Outcome::done), 2) << stepper.name;
    EXPECT_GT(count(Outcome::step_underflow), 2) << stepper.name;
    for (std::size_t row = 0; row < 20; ++row) {
      EXPECT_TRUE(std::isfinite(run.z(row, 0)) && std::isfinite(run.change(row, 0)));
      EXPECT_EQ(run.t[row] == 1, run.outcomes[row] == Outcome::done);
    }
    auto const short_of = encode(host_model(target), sde, stepper, {}, x, divergences::exact{},
                                 {.volume_error = volume_error(stepper), .max_evaluations = 30});
    // Where the evaluations ran out the integral is that of the way so far.
    for (std::size_t row = 0; row < 20; ++row) {
      EXPECT_EQ(short_of.outcomes[row], Outcome::max_steps) << stepper.name;
      EXPECT_LE(short_of.evaluations[row], 30);
      if (row % 6 >= 4 || short_of.t[row] == 1e-5) continue;
      double const before = target.at(sde.at(1e-5)).log_density(std::span(x).subspan(2 * row, 2));
      double const after = target.at(sde.at(short_of.t[row])).log_density(row_of(short_of.z, row));
      EXPECT_NEAR(before - after, short_of.change(row, 0), 2e-2) << stepper.name;
    }
  }
}

TEST(Encode, PassesOnWhatTheModelThrowsAndTakesNoPoints) {  // R7, R18
  Target const target = correlated_2d().mixture();
  auto const x = points(target, make_sde("vp").at(1e-5), 16);
  for (int k = 1; k < 600; k *= 3) {
    std::atomic<int> calls = 0;
    HostModel model = host_model(target);
    model.divergence = [&, exact = model.divergence](auto at, auto const& level, auto out) {
      if (++calls >= k) throw std::runtime_error("the model is gone");
      return exact(at, level, out);
    };
    EXPECT_THROW(
        (void)encode(model, make_sde("vp"), odeint_stepper("dopri5"), {}, x, divergences::exact{}),
        std::runtime_error);
  }
  auto const none = encode(host_model(target), make_sde("vp"), odeint_stepper("dopri5"), {}, {},
                           divergences::hutchinson{});
  EXPECT_EQ(none.z.extent(0), 0U);
  EXPECT_EQ(none.change.extent(1), 8U);
}

}  // namespace
}  // namespace retrace
