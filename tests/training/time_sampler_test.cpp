// SPDX-License-Identifier: Apache-2.0
#include <retrace/sde/registry.hpp>
#include <retrace/training/time_sampler.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

namespace retrace {
namespace {

std::vector<TrainingLevel> drawn(TimeSampler const& sampler, std::int64_t iteration,
                                 std::int64_t batch) {
  std::vector<TrainingLevel> levels;
  sampler.draw(7, iteration, 0, batch, batch, levels);
  return levels;
}

/// Kolmogorov's distance over its threshold at level 1e-6 (Dvoretzky, Kiefer, Wolfowitz, Massart).
double ks_ratio(std::vector<double> x, std::function<double(double)> const& cdf) {
  std::sort(x.begin(), x.end());
  auto const n = static_cast<double>(x.size());
  double distance = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const at = cdf(x[i]), k = static_cast<double>(i);
    distance = std::max({distance, at - k / n, (k + 1) / n - at});
  }
  return distance / std::sqrt(std::log(2 / 1e-6) / (2 * n));
}

TEST(TimeSampler, DrawsUniformTimes) {
  TimeSampler const sampler(make_sde("vp"), TimeSampling::uniform);
  std::vector<double> t;
  for (auto const& [level, factor] : drawn(sampler, 3, 20'000)) {
    EXPECT_EQ(factor, 1);
    t.push_back(level.t());
  }
  EXPECT_LT(ks_ratio(t, [](double u) { return (u - 1e-5) / (1 - 1e-5); }), 1);
  EXPECT_GT(ks_ratio(t, [](double u) { return std::pow(u, 1.1); }), 1);  // negative control
}

TEST(TimeSampler, DrawsOneLowDiscrepancyTimeOutOfEveryPart) {
  constexpr std::int64_t batch = 100;
  TimeSampler const sampler(make_sde("vp"), TimeSampling::low_discrepancy);
  double shifts = 0;
  for (std::int64_t iteration = 0; iteration < 50; ++iteration) {
    std::vector<double> t;
    for (auto const& [level, factor] : drawn(sampler, iteration, batch)) t.push_back(level.t());
    std::sort(t.begin(), t.end());
    for (std::size_t i = 1; i < t.size(); ++i)
      EXPECT_NEAR(t[i] - t[i - 1], (1 - 1e-5) / batch, 1e-12);
    shifts += t[0] * batch / 50;
  }
  EXPECT_NEAR(shifts, 0.5, 4.9 / std::sqrt(12.0 * 50));
}

TEST(TimeSampler, DrawsLogNormalRatios) {
  TimeSampler const sampler(make_sde("edm"), TimeSampling::log_normal);
  std::vector<double> z;
  for (auto const& [level, factor] : drawn(sampler, 3, 20'000))
    z.push_back((std::log(level.sigma()) + 1.2) / 1.2);
  auto const normal = [](double v) { return std::erfc(-v / std::numbers::sqrt2) / 2; };
  EXPECT_LT(ks_ratio(z, normal), 1);
  EXPECT_GT(ks_ratio(z, [&](double v) { return normal(v - 0.1); }), 1);
  for (double const u : {0.01, 0.3, 0.9})
    EXPECT_NEAR(normal((std::log(sampler.at(u).sigma()) + 1.2) / 1.2), u, 1e-12);
}

TEST(TimeSampler, DrawsEveryIndexOfAChain) {
  TimeSampler const sampler(make_sde("ddpm"), TimeSampling::uniform);
  std::vector<int> seen(1000);
  for (auto const& [level, factor] : drawn(sampler, 3, 20'000)) {
    ASSERT_EQ(level.t(), std::floor(level.t()));
    ++seen.at(static_cast<std::size_t>(level.t()));
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), 0), 0);
}

TEST(TimeSampler, DrawsImportantTimesMoreOftenAndDividesByHowOften) {
  TimeSampler sampler(make_sde("vp"), TimeSampling::importance);
  // A loss that is 9 in the last quarter and 1 elsewhere, told until every bin knows.
  constexpr std::int64_t batch = 4000;
  auto const loss = [](NoiseLevel const& level) { return level.t() < 0.75 ? 1.F : 9.F; };
  for (std::int64_t i = 0; i < 3; ++i) {
    std::vector<float> losses;
    for (auto const& [level, factor] : drawn(sampler, i, batch)) losses.push_back(loss(level));
    EXPECT_EQ(drawn(sampler, i, batch)[0].factor == 1, i == 0);
    sampler.learn(7, i, losses);
  }
  double late = 0, factors = 0, mean = 0;
  for (auto const& [level, factor] : drawn(sampler, 9, batch)) {
    late += level.t() >= 0.75 ? 1.0 / batch : 0;
    factors += factor / batch;
    mean += factor * static_cast<double>(loss(level)) / batch;
  }
  EXPECT_NEAR(late, 0.75, 4.9 * 0.5 / std::sqrt(double(batch)));
  EXPECT_NEAR(factors, 1, 4.9 * 1.2 / std::sqrt(double(batch)));
  EXPECT_NEAR(mean, 3, 1e-2);  // hardly any variance is left

  TimeSampler restored(make_sde("vp"), TimeSampling::importance);
  restored.restore(sampler.history());
  auto const one = drawn(sampler, 10, 50), other = drawn(restored, 10, 50);
  for (std::size_t i = 0; i < one.size(); ++i) EXPECT_EQ(one[i].level.t(), other[i].level.t());
}

TEST(TimeSampler, GivesARowTheSameTimeInAnyPartOfABatch) {
  for (auto const& [name, sampling] : names<TimeSampling>()) {
    TimeSampler const sampler(make_sde("vp"), sampling);
    auto const whole = drawn(sampler, 4, 100);
    std::vector<TrainingLevel> part;
    sampler.draw(7, 4, 33, 20, 100, part);
    ASSERT_EQ(part.size(), 20U);
    for (std::size_t i = 0; i < part.size(); ++i)
      EXPECT_EQ(part[i].level.t(), whole[33 + i].level.t());
  }
}

}  // namespace
}  // namespace retrace
