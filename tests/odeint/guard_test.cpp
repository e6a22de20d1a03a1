// SPDX-License-Identifier: Apache-2.0
#include <retrace/odeint/steppers.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>

#include <cmath>
#include <functional>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
OdeControl const tight{.tolerance = {.rtol = 1e-8, .atol = 1e-8}};

class Guard : public ::testing::TestWithParam<std::string> {
 protected:
  Integrated run(RightHandSide const& f, OdeState& y, double from, double to,
                 OdeControl const& control = tight) {
    auto const method = odeint_stepper(GetParam()).make(control.tolerance);
    return integrate(*method, f, y, from, to, control);
  }
};

/// y' = -y, so y(t) = y(0) exp(-t).
void decay(double, std::span<double const> y, std::span<double> slope) {
  for (std::size_t i = 0; i < y.size(); ++i) slope[i] = -y[i];
}

TEST_P(Guard, FollowsTheSolutionInBothDirections) {
  for (double const to : {2.0, -2.0}) {
    OdeState y{1, -3};
    Integrated const result = run(decay, y, 0, to);
    EXPECT_EQ(result.outcome, Outcome::done);
    EXPECT_EQ(result.t, to);
    EXPECT_GT(result.steps, 0);
    EXPECT_NEAR(y[0], std::exp(-to), 1e-6);
    EXPECT_NEAR(y[1], -3 * std::exp(-to), 1e-6);
  }
}

TEST_P(Guard, CostsTheSameInBothDirections) {
  OdeState up{1}, down{1};
  Integrated const a =
      run([](double t, auto, auto slope) { slope[0] = std::cos(9 * t); }, up, 0, 3);
  Integrated const b =
      run([](double t, auto, auto slope) { slope[0] = -std::cos(9 * t); }, down, 0, -3);
  EXPECT_EQ(a.evaluations, b.evaluations);
  EXPECT_EQ(up, down);
}

TEST_P(Guard, CountsEveryEvaluation) {
  std::int64_t calls = 0;
  OdeState y{1};
  Integrated const result = run(
      [&](double t, auto x, auto slope) {
        ++calls;
        decay(t, x, slope);
      },
      y, 0, 5);
  EXPECT_EQ(result.evaluations, calls);
}

/// Tells where the step began that is being tried.
class Watched final : public OdeMethod {
 public:
  Watched(std::unique_ptr<OdeMethod> method, double& begin)
      : method_(std::move(method)), begin_(&begin) {}
  Trial attempt(GuardedSystem& system, Attempt const& a, OdeState& slope_new) override {
    *begin_ = a.u;
    return method_->attempt(system, a, slope_new);
  }

 private:
  std::unique_ptr<OdeMethod> method_;
  double* begin_;
};

TEST_P(Guard, RecoversWhereAStageWentTooFar) {  // R2, R4
  for (double const bad : {nan, infinity, -infinity}) {
    double begin = 0;
    Watched method(odeint_stepper(GetParam()).make(tight.tolerance), begin);
    OdeState y{1, 2};
    Integrated const result = integrate(
        method,
        [&](double t, auto x, auto slope) {
          decay(t, x, slope);
          if (t > begin + 0.02) slope[1] = bad;
        },
        y, 0, 1, tight);
    EXPECT_EQ(result.outcome, Outcome::done) << bad;
    EXPECT_EQ(result.t, 1) << bad;
    EXPECT_GT(result.rejections, 0) << bad;
    EXPECT_GE(result.steps, 50) << bad;
    EXPECT_NEAR(y[1], 2 * std::exp(-1), 1e-6) << bad;
  }
}

TEST_P(Guard, StopsAtTheLastGoodStateWhereTroubleStays) {  // R3, R4
  for (double const bad : {nan, infinity, -infinity})
    for (double const direction : {1.0, -1.0}) {
      std::int64_t after = 0;
      OdeState y{1, 2};
      Integrated const result = run(
          [&](double t, auto x, auto slope) {
            decay(t, x, slope);
            bool const beyond = direction * t > 0.5;
            if (beyond) slope[0] = bad;
            if (beyond || after > 0) ++after;
          },
          y, 0, direction);
      EXPECT_EQ(result.outcome, Outcome::step_underflow) << bad;
      EXPECT_NEAR(result.t, direction * 0.5, 1e-12) << bad;
      EXPECT_LE(direction * result.t, 0.5) << bad;
      EXPECT_NEAR(y[1], 2 * std::exp(-direction * 0.5), 1e-6) << bad;
      EXPECT_LE(after, 1000) << bad;
    }
}

TEST_P(Guard, StopsWhereTheSolutionItselfEnds) {  // y = 1 / (1 - t)
  OdeState y{1};
  Integrated const result =
      run([](double, auto x, auto slope) { slope[0] = x[0] * x[0]; }, y, 0, 2);
  EXPECT_EQ(result.outcome, Outcome::step_underflow);
  EXPECT_NEAR(result.t, 1, 1e-3);
  EXPECT_TRUE(std::isfinite(y[0]));
}

TEST_P(Guard, GivesUpWhereTheFirstSlopeIsNotFinite) {
  OdeState y{1, 2};
  Integrated const result = run([](double, auto, auto slope) { slope[0] = nan; }, y, 0, 1);
  EXPECT_EQ(result.outcome, Outcome::step_underflow);
  EXPECT_EQ(result.evaluations, 1);
  EXPECT_EQ(result.t, 0);
  EXPECT_EQ(y, (OdeState{1, 2}));
}

TEST_P(Guard, DoesNotCallForAStartThatIsNotFinite) {  // R9
  for (double const bad : {nan, infinity, -infinity})
    for (std::size_t const place : {0U, 1U, 2U}) {
      OdeState y{1, 2, 3};
      y[place] = bad;
      int calls = 0;
      Integrated const result = run([&](double, auto, auto) { ++calls; }, y, 0, 1);
      EXPECT_EQ(result.outcome, Outcome::nonfinite);
      EXPECT_EQ(calls, 0);
    }
}

TEST_P(Guard, PassesOnWhatTheRightHandSideThrows) {  // R7
  for (int k = 1; k <= 20; ++k) {
    int calls = 0;
    bool throwing = true;
    RightHandSide const f = [&](double t, auto y, auto slope) {
      decay(t, y, slope);
      if (throwing && ++calls == k) {
        if (k % 2 == 0) throw k;
        throw std::runtime_error("call " + std::to_string(k));
      }
    };
    auto const method = odeint_stepper(GetParam()).make(tight.tolerance);
    OdeState y{1};
    try {
      integrate(*method, f, y, 0, 50, tight);
      FAIL() << "nothing thrown at call " << k;
    } catch (std::runtime_error const& error) {
      EXPECT_EQ(error.what(), "call " + std::to_string(k));
    } catch (int number) {
      EXPECT_EQ(number, k);
    }
    throwing = false;
    y = {1};
    EXPECT_EQ(integrate(*method, f, y, 0, 1, tight).outcome, Outcome::done);
    EXPECT_NEAR(y[0], std::exp(-1), 1e-6);
  }
}

TEST_P(Guard, RefusesTolerancesThatMeanNothing) {  // R10
  std::vector<Tolerance> const bad{{nan, 1e-6},   {1e-6, nan},   {nan, nan},     {-1, 1e-6},
                                   {1e-6, -1},    {0, 0},        {0, 1e-6},      {1e-6, 0},
                                   {infinity, 1}, {1, infinity}, {-infinity, 1}, {2, 2}};
  for (Tolerance const& tolerance : bad)
    for (double const to : {0.0, 1.0}) {
      OdeState y{1};
      int calls = 0;
      EXPECT_TRUE(contains(argument_error([&] {
                             run([&](double, auto, auto) { ++calls; }, y, 0, to,
                                 {.tolerance = tolerance});
                           }),
                           "tol cannot be"))
          << tolerance.rtol << ' ' << tolerance.atol;
      EXPECT_EQ(calls, 0);
    }
}

TEST_P(Guard, EndsWithToleranceNoArithmeticCanMeet) {
  OdeState y{1};
  Integrated const result = run(decay, y, 0, 1, {.tolerance = {1e-300, 1e-300}});
  EXPECT_NE(result.outcome, Outcome::nonfinite);
  EXPECT_LE(result.evaluations, 100'000);
}

TEST_P(Guard, RefusesFirstStepsThatLeadNowhere) {  // R11
  for (double const to : {1.0, -1.0})
    for (double const step : {0.0, -0.0, nan, infinity, -infinity, -0.01 * to}) {
      OdeState y{1};
      OdeControl control = tight;
      control.first_step = step;
      EXPECT_TRUE(contains(argument_error([&] { run(decay, y, 0, to, control); }), "first step"))
          << step;
    }
  for (double const end : {nan, infinity, -infinity}) {
    OdeState y{1};
    EXPECT_TRUE(contains(argument_error([&] { run(decay, y, 0, end); }), "must be finite"));
    EXPECT_TRUE(contains(argument_error([&] { run(decay, y, end, 0); }), "must be finite"));
  }
}

TEST_P(Guard, NeverReturnsTheStartAsTheResult) {  // R11
  for (double const to : {1.0, -1.0, 1e-9, 1e-300, 1e6})
    for (double const first : {1e-20, 1e-3, 1.0, 1e3}) {  // in units of the way
      OdeState y{1};
      OdeControl control = tight;
      control.first_step = first * to;
      Integrated const result =
          run([](double, auto, auto slope) { slope[0] = 1; }, y, 0, to, control);
      EXPECT_EQ(result.outcome, Outcome::done) << to << ' ' << first;
      EXPECT_GT(result.steps, 0) << to << ' ' << first;
      EXPECT_NEAR(y[0], 1 + to, 1e-6 * (1 + std::abs(to))) << to << ' ' << first;
    }
}

TEST_P(Guard, DoesNothingBetweenEqualEnds) {
  OdeState y{1};
  Integrated const result = run(decay, y, 0.3, 0.3);
  EXPECT_EQ(result.outcome, Outcome::done);
  EXPECT_EQ(result.evaluations, 0);
  EXPECT_EQ(y, OdeState{1});
}

TEST_P(Guard, GoesOnFromWhereItsEvaluationsRanOut) {  // R14
  RightHandSide const f = [](double t, auto y, auto slope) {
    slope[0] = y[1];
    slope[1] = -y[0] * (1 + t);
  };
  OdeState whole{1, 0};
  ASSERT_EQ(run(f, whole, 0, 20).outcome, Outcome::done);
  for (std::int64_t const most : {1, 2, 100, 333}) {
    OdeState y{1, 0};
    OdeControl control = tight;
    control.max_evaluations = most;
    Integrated const first = run(f, y, 0, 20, control);
    EXPECT_EQ(first.outcome, Outcome::max_steps) << most;
    EXPECT_LE(first.evaluations, most);
    EXPECT_LT(first.t, 20) << most;
    Integrated const second = run(f, y, first.t, 20);
    EXPECT_EQ(second.outcome, Outcome::done) << most;
    for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(y[i], whole[i], 1e-6) << most;
  }
}

TEST_P(Guard, RefusesToRunWithoutEvaluations) {
  for (std::int64_t const most : {0, -1}) {
    OdeState y{1};
    EXPECT_TRUE(contains(argument_error([&] { run(decay, y, 0, 1, {.max_evaluations = most}); }),
                         "evaluations"));
  }
}

std::vector<std::string> names() {
  std::vector<std::string> all;
  for (OdeStepper const& stepper : odeint_steppers()) all.push_back(stepper.name);
  return all;
}

INSTANTIATE_TEST_SUITE_P(Odeint, Guard, ::testing::ValuesIn(names()), [](auto const& instance) {
  std::string name = instance.param;
  std::erase(name, '-');
  return name;
});

/// Forward Euler, its error from Heun's rule; broken in ways of the caller's choice.
struct HeunEuler {
  std::function<double(double h, double error)> spoil = [](double, double error) { return error; };

  [[nodiscard]] int error_order() const { return 1; }

  template <class System>
  void do_step(System system, OdeState const& y, OdeState const& slope, double t, OdeState& out,
               double h, OdeState& error) {
    OdeState end(y.size()), end_slope(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) end[i] = y[i] + h * slope[i];
    system(end, end_slope, t + h);
    for (std::size_t i = 0; i < y.size(); ++i) {
      out[i] = y[i] + h / 2 * (slope[i] + end_slope[i]);
      error[i] = spoil(h, out[i] - end[i]);
    }
  }
};

TEST(OwnStepper, IsGuardedLikeTheOthers) {
  OdeState y{1, -3};
  Integrated const result = integrate(HeunEuler{}, decay, y, 0, 1, {.tolerance = {1e-6, 1e-6}});
  EXPECT_EQ(result.outcome, Outcome::done);
  EXPECT_NEAR(y[0], std::exp(-1), 1e-5);
  EXPECT_NEAR(y[1], -3 * std::exp(-1), 1e-5);
}

TEST(OwnStepper, IsRejectedWhereOnlyItsErrorEstimateIsNotFinite) {  // R5
  for (double const bad : {nan, infinity, -infinity}) {
    OdeState y{1, -3};
    Integrated const passing =
        integrate(HeunEuler{[=](double h, double error) { return h > 0.003 ? bad : error; }}, decay,
                  y, 0, 1, {.tolerance = {1e-4, 1e-4}});
    EXPECT_EQ(passing.outcome, Outcome::done);
    EXPECT_GT(passing.rejections, 0);
    EXPECT_GT(passing.steps, 300);
    y = {1, -3};
    Integrated const staying =
        integrate(HeunEuler{[=](double, double) { return bad; }}, decay, y, 0, 1);
    EXPECT_EQ(staying.outcome, Outcome::step_underflow);
    EXPECT_EQ(staying.steps, 0);
    EXPECT_EQ(y, (OdeState{1, -3}));
  }
}

TEST(OdeStepperRegistry, KnowsItsNamesAndSuggestsTheNearest) {
  for (OdeStepper const& stepper : odeint_steppers())
    EXPECT_EQ(&odeint_stepper(stepper.name), &stepper);
  EXPECT_TRUE(contains(argument_error([] { (void)odeint_stepper("cash-karp45"); }),
                       "did you mean 'cash-karp54'?"));
}

TEST(ScaledError, IsTheLargestComponentAndKeepsNaN) {
  Tolerance const tolerance{.rtol = 0.1, .atol = 0.01};
  EXPECT_DOUBLE_EQ(scaled_error({0.01, -0.22}, {0, 1}, {0, -2}, tolerance), 0.22 / 0.21);
  for (double const bad : {nan, infinity, -infinity})
    for (std::size_t const place : {0U, 1U}) {
      OdeState values{0, 0};
      values[place] = bad;
      OdeState const good{0, 0};
      EXPECT_TRUE(std::isnan(scaled_error(values, good, good, tolerance)));
      EXPECT_TRUE(std::isnan(scaled_error(good, values, good, tolerance)));
      EXPECT_TRUE(std::isnan(scaled_error(good, good, values, tolerance)));
    }
}

}  // namespace
}  // namespace retrace
