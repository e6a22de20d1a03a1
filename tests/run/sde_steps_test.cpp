// SPDX-License-Identifier: Apache-2.0

// The adaptive SDE sampler: its steps choose themselves, its noise does not.
#include <retrace/core/draw.hpp>
#include <retrace/exact/moments.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/run/sde_steps.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>
#include <support/mixtures.hpp>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double z_limit = 4.9;  // two-sided, 1e-6

Mixture target() { return testing::scattered_mixture(2, 5); }

AdaptiveSamples<double> run(Target const& data, char const* sde, double tolerance,
                            std::int64_t samples, std::uint64_t first = 0) {
  return adaptive_sample<double>(
      data, "adaptive-sde", make_sde(sde), {{}, 1e-3},
      {.samples = samples, .seed = 11, .first_sample = first, .tolerance = {tolerance, tolerance}});
}

std::vector<double> values(AdaptiveSamples<double> const& run) {
  return {run.x.data(), run.x.data() + run.x.size()};
}

std::int64_t sum(std::vector<std::int64_t> const& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
}

/// How far the first coordinate's mean and mean square are from a law's, in standard errors.
struct Deviation {
  double mean, variance;
};
Deviation deviation(std::vector<double> const& x, Normal const& law) {
  auto const n = static_cast<double>(x.size());
  double first = 0, second = 0;
  for (double const each : x) first += each / n;
  for (double const each : x) second += (each - law.mean) * (each - law.mean) / n;
  return {(first - law.mean) / std::sqrt(law.variance / n),
          (second / law.variance - 1) / std::sqrt(2 / n)};
}

constexpr double data_mean = 0.7, data_variance = 0.25;
Mixture gaussian() { return Mixture::isotropic({1}, {data_mean}, {data_variance}); }
Normal law_at_the_end(char const* sde) {
  NoiseLevel const end = make_sde(sde).at(1e-3);
  return {end.alpha() * data_mean,
          std::pow(end.alpha(), 2) * data_variance + std::pow(end.sigma(), 2)};
}

TEST(AdaptiveSde, HasTheExactLawWhateverItRejects) {  // N21
  for (char const* sde : {"vp", "ve"})
    for (double const tolerance : {1e-1, 1e-3}) {
      std::int64_t const samples = tolerance > 1e-2 ? 20'000 : 4'000;
      auto const found = run(gaussian(), sde, tolerance, samples);
      EXPECT_EQ(found.count(Outcome::done), samples);
      EXPECT_GT(sum(found.rejections), 10) << sde << ' ' << tolerance;
      Deviation const far = deviation(values(found), law_at_the_end(sde));
      EXPECT_LT(std::abs(far.mean), z_limit) << sde << ' ' << tolerance;
      EXPECT_LT(std::abs(far.variance), z_limit) << sde << ' ' << tolerance;
    }
}

/// The control: noise that is drawn anew for every attempt. What is easy is kept, and the samples
/// come out too close to one another.
TEST(AdaptiveSde, WouldHaveAnotherLawWithNewNoiseAfterRejections) {
  Sde const sde = make_sde("vp");
  NoiseLevel const from = sde.at(1), to = sde.at(1e-3);
  HostModel const model = host_model(gaussian());
  constexpr std::int64_t samples = 4'000;
  std::vector<double> x;
  std::int64_t rejections = 0;
  for (std::int64_t i = 0; i < samples; ++i) {
    auto const number = static_cast<std::uint64_t>(i);
    float z = 0;
    draw_normals(11, number, Purpose::start, {}, {&z, 1});
    double state = static_cast<double>(z);
    std::int64_t drawn = 0;
    PathIncrement const anew = [&](std::int64_t, std::int64_t, std::span<double> w) {
      draw_normals(12, number, Purpose::step, {drawn++, 0}, {&z, 1});
      w[0] = static_cast<double>(z);
    };
    rejections +=
        integrate_sde(model, sde, from, to, anew, {&state, 1}, {1e-3, 1e-3}, 100'000).rejections;
    x.push_back(state);
  }
  EXPECT_GT(rejections, 10);
  EXPECT_GT(std::abs(deviation(x, law_at_the_end("vp")).variance), 2 * z_limit);
}

TEST(AdaptiveSde, FollowsThePathThatOtherSamplersFollow) {
  Sde const sde = make_sde("vp");
  SampleOptions<double> const options{.samples = 200, .seed = 11, .draws = Draws::path};
  auto const fine = sample<double>(target(), make_sampler("sra1"),
                                   make_grid("log-snr", sde, 4000, {1.0, 1e-3}), options);
  double last = 1;
  for (double const tolerance : {1e-2, 1e-3, 1e-4}) {
    auto const found = run(target(), "vp", tolerance, 200);
    std::vector<double> away;
    for (std::size_t i = 0; i < 200; ++i)
      away.push_back(std::hypot(found.x(i, 0) - fine.x(i, 0), found.x(i, 1) - fine.x(i, 1)));
    std::nth_element(away.begin(), away.begin() + 100, away.end());
    EXPECT_LT(away[100], last / 2) << tolerance;
    last = away[100];
  }
  EXPECT_LT(last, 2e-3);
}

TEST(AdaptiveSde, DependsNeitherOnThreadsNorOnBatches) {  // R59, R60
  for (int const dimension : {1, 2, 5}) {
    Mixture const data = testing::scattered_mixture(dimension, 4);
    auto const whole = run(data, "ve", 1e-2, 40, 100);
    tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, 1);
    auto joined = values(run(data, "ve", 1e-2, 13, 100));
    for (double const x : values(run(data, "ve", 1e-2, 27, 113))) joined.push_back(x);
    EXPECT_EQ(joined, values(whole)) << dimension;
  }
}

TEST(AdaptiveSde, TakesTheStepsThatItsToleranceAsksFor) {
  // The estimate falls as h^(3/2): a hundredth of the tolerance takes 21.5 times the steps.
  auto const coarse = run(target(), "vp", 1e-3, 30), fine = run(target(), "vp", 1e-5, 30);
  double const ratio =
      static_cast<double>(sum(fine.steps)) / static_cast<double>(sum(coarse.steps));
  EXPECT_NEAR(ratio, 21.5, 6);
  for (std::size_t i = 0; i < 30; ++i)
    EXPECT_EQ(fine.evaluations[i], 2 * fine.steps[i] + fine.rejections[i]);
}

TEST(AdaptiveSde, StopsTheSampleThatIsNotFiniteAndNoOther) {  // R1, R4
  Sde const sde = make_sde("vp");
  HostModel model = host_model(target());
  AdaptiveOptions<double> const options{.samples = 60, .seed = 4, .tolerance = {1e-2, 1e-2}};
  auto const solved = [&] {
    return sde_sample(model, sde, {{}, 1e-3}, gaussian_start<double>(1, 4), options);
  };
  auto const good = solved();
  model.predict = [predict = model.predict](auto x, NoiseLevel const& level, auto out) {
    predict(x, level, out);
    if (level.t() < 0.3 && x[0] > 0.5) out[1] = nan;
  };
  auto const run = solved();
  int undisturbed = 0;
  EXPECT_GT(run.count(Outcome::step_underflow), 5);
  EXPECT_EQ(run.count(Outcome::step_underflow) + run.count(Outcome::done), 60);
  for (std::size_t i = 0; i < 60; ++i) {
    EXPECT_TRUE(std::isfinite(run.x(i, 0)) && std::isfinite(run.x(i, 1)));
    EXPECT_EQ(run.t[i] == 1e-3, run.outcomes[i] == Outcome::done);
    if (run.outcomes[i] != Outcome::done || run.evaluations[i] != good.evaluations[i]) continue;
    ++undisturbed;
    EXPECT_EQ(run.x(i, 0), good.x(i, 0));
  }
  EXPECT_GT(undisturbed, 5);
}

TEST(AdaptiveSde, RefusesWhereItsClockDoesNotReach) {
  auto const refusal = [&](char const* sde, Span span) {
    return argument_error([&] {
      (void)adaptive_sample<double>(target(), "adaptive-sde", make_sde(sde), span, {.samples = 1});
    });
  };
  EXPECT_TRUE(contains(refusal("rectified-flow", {1.0, 1e-3}), "t = 1"));
  EXPECT_TRUE(contains(refusal("vp", {1.0, 0.0}), "t = 0"));
}

}  // namespace
}  // namespace retrace
