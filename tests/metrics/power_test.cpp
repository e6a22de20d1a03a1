// SPDX-License-Identifier: Apache-2.0
// Which fault is seen by which metric, at level 1e-6: the table of docs/metrics.md.
#include "exact_draws.hpp"

#include <retrace/metrics/frechet_distance.hpp>
#include <retrace/metrics/kl_on_grid.hpp>
#include <retrace/metrics/kolmogorov_smirnov.hpp>
#include <retrace/metrics/mean_log_density.hpp>
#include <retrace/metrics/mode_weights.hpp>
#include <retrace/metrics/projected_distances.hpp>
#include <retrace/metrics/sliced_wasserstein_2.hpp>
#include <retrace/metrics/squared_mmd.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::exact_draws;
using testing::stretched;
using Samples = std::vector<double>;

constexpr std::size_t draws = 20'000;

/// Three components that touch each other, of unequal weights and correlated covariances.
Mixture law_with(std::vector<double> const& weights, double widening = 1) {
  std::vector<double> covariances = {0.5, 0.2, 0.2, 0.3, 0.3, -0.2, -0.2, 0.6, 0.2, 0, 0, 0.2};
  for (double& c : covariances) c *= widening;
  return Mixture::full(weights, {-2, 0, 1.5, 1, 0.5, -2}, covariances);
}
Mixture law() { return law_with({0.5, 0.3, 0.2}); }

struct FaultOfSamples {
  std::string name;
  std::function<Samples(std::uint64_t seed)> draw;
};

/// The first is none.
std::vector<FaultOfSamples> faults() {
  auto from = [](Mixture const& other) {
    return [=](std::uint64_t seed) { return exact_draws(other, draws, seed); };
  };
  double const deviation = std::sqrt(law().covariance()[0]);
  auto shifted = [=](std::uint64_t seed) {
    Samples x = exact_draws(law(), draws, seed);
    for (std::size_t i = 0; i < x.size(); i += 2) x[i] += 0.05 * deviation;
    return x;
  };
  return {{"none", from(law())},
          {"scale + 3 %",
           [](std::uint64_t seed) { return stretched(exact_draws(law(), draws, seed), 1.03); }},
          {"mean + 0.05 sd", shifted},
          {"weight + 0.1", from(law_with({0.6, 0.24, 0.16}))},
          {"weight - 0.1", from(law_with({0.4, 0.36, 0.24}))},
          {"one Gaussian", from(Mixture::full({1}, law().mean(), law().covariance()))},
          {"variances + 10 %", from(law_with({0.5, 0.3, 0.2}, 1.1))}};
}

/// Other exact samples, for distances of two samples.
Samples others(std::uint64_t seed) { return exact_draws(law(), draws, 1'000'000 + seed); }

/// 2 n times the mean of the energy distance of two exact samples is exceeded z^2 times with at
/// most the probability of a normal beyond z (Szekely and Bakirov 2003).
bool passes_energy_distance(Samples const& x, std::uint64_t seed) {
  Samples const y = others(seed);
  double pairs = 0;
  for (std::size_t i = 0; i + 3 < y.size(); i += 4)
    pairs += std::hypot(y[i] - y[i + 2], y[i + 1] - y[i + 3]) * 4 / static_cast<double>(y.size());
  return energy_distance(x, y, 2) <= check_z * check_z * 2 / static_cast<double>(draws) * pairs;
}

/// No law is known: three times the mean of ten exact pairs. The only figure here without a level.
bool passes_sliced_wasserstein(Samples const& x, std::uint64_t seed) {
  static double const mean = [] {
    double sum = 0;
    for (std::uint64_t pair = 0; pair < 10; ++pair)
      sum += sliced_wasserstein(others(2000 + pair), others(3000 + pair), 2) / 10;
    return sum;
  }();
  return sliced_wasserstein(x, others(seed), 2) <= 3 * mean;
}

struct Metric {
  std::string name;
  std::function<bool(Samples const&, std::uint64_t seed)> passes;
  /// Faults that it must find in every seed.
  std::set<std::string> finds;
};

std::vector<Metric> metrics() {
  auto judge = [](auto const& metric) {
    return [=](Samples const& x, std::uint64_t) { return metric(x, law()).passes(); };
  };
  std::string const scale = "scale + 3 %", mean = "mean + 0.05 sd", more = "weight + 0.1",
                    less = "weight - 0.1", gaussian = "one Gaussian", wide = "variances + 10 %";
  return {
      {"projected_kolmogorov_smirnov",
       judge([](auto const& x, auto const& p) { return projected_kolmogorov_smirnov(x, p); }),
       {mean, more, less, gaussian}},
      {"kl_on_grid",
       judge([](auto const& x, auto const& p) { return kl_on_grid(x, p); }),
       {scale, mean, more, less, gaussian}},
      {"mean_log_density",
       judge([](auto const& x, auto const& p) { return mean_log_density(x, p); }),
       {scale, less, gaussian, wide}},
      {"mode_weights",
       judge([](auto const& x, auto const& p) { return mode_weights(x, p).largest; }),
       {more, less, gaussian}},
      {"frechet_distance",
       judge([](auto const& x, auto const& p) { return frechet_distance(x, p); }),
       {more, less}},
      {"squared_mmd",
       judge([](auto const& x, auto const& p) { return squared_mmd(x, p); }),
       {more, less, gaussian}},
      {"sliced_wasserstein_2",
       judge([](auto const& x, auto const& p) { return sliced_wasserstein_2(x, p); }),
       {more, less, gaussian}},
      {"energy_distance", passes_energy_distance, {more, less, gaussian}},
      {"sliced_wasserstein", passes_sliced_wasserstein, {more, less, gaussian}},
  };
}

/// How many of the samples of seeds 1 ... `seeds` with a fault are refused.
int refused(Metric const& metric, FaultOfSamples const& fault, std::uint64_t seeds) {
  int out = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed)
    if (!metric.passes(fault.draw(seed), seed)) ++out;
  return out;
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (Metric const& metric : metrics()) out.push_back(metric.name);
  return out;
}

class Power : public ::testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] Metric metric() const {
    for (Metric const& each : metrics())
      if (each.name == GetParam()) return each;
    return {};
  }
};
INSTANTIATE_TEST_SUITE_P(Metrics, Power, ::testing::ValuesIn(names()),
                         [](auto const& entry) { return entry.param; });

TEST_P(Power, RefusesNoExactDraws) { EXPECT_EQ(refused(metric(), faults().front(), 20), 0); }

TEST_P(Power, FindsItsFaultsInEverySeed) {
  EXPECT_FALSE(metric().finds.empty());
  for (FaultOfSamples const& fault : faults())
    if (metric().finds.contains(fault.name)) {
      EXPECT_EQ(refused(metric(), fault, 4), 4) << fault.name;
    }
}

/// For docs/metrics.md: --gtest_also_run_disabled_tests --gtest_filter='*PrintsItsRow*'
TEST_P(Power, DISABLED_PrintsItsRow) {
  constexpr int seeds = 20;
  std::string row = "| `" + GetParam() + "` |";
  for (auto const& fault : faults())
    row += " " + std::to_string(refused(metric(), fault, seeds) * 100 / seeds) + " |";
  std::puts(row.c_str());
}

}  // namespace
}  // namespace retrace
