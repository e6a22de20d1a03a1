// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/likelihood/exact_divergence.hpp>
#include <retrace/likelihood/hutch_pp.hpp>
#include <retrace/likelihood/hutchinson.hpp>
#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/draw_rows.hpp>

#include <gtest/gtest.h>
#include <support/mixtures.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace retrace {
namespace {

constexpr std::int64_t n = 40;

LikelihoodOptions wanting(double nats, int start = 8) {
  return {.divergence = divergences::hutchinson{Probes::drawn(start, ProbeLaw::gaussian, 7)},
          .half_width = HalfWidth{.nats = nats},
          .budget = Budget::none};
}

TEST(HalfWidth, IsReachedByEveryPointAndSaysWhereNot) {
  Target const target = testing::correlated_mixture(10, 3);
  std::vector<double> const points = draw_rows(target, 5, 0, n);
  Sde const sde = make_sde("vp");
  Likelihood const found = log_likelihood(target, sde, "dopri5", points, wanting(1));
  LikelihoodOptions limited = wanting(0.01);
  limited.half_width->most_probes = 32;
  Likelihood const stopped = log_likelihood(target, sde, "dopri5", points, limited);
  for (std::size_t row = 0; row < n; ++row) {
    EXPECT_LE(found.error.trace_half_width(row, 0.95), 1);
    EXPECT_EQ(stopped.error.probes[row], 32);
    EXPECT_GT(stopped.error.trace_half_width(row, 0.95), 0.01);
  }
  // Three rounds took these: there is no room for a second one.
  limited.encode.max_evaluations =
      *std::min_element(stopped.evaluations.begin(), stopped.evaluations.end()) * 3 / 5;
  Likelihood const few = log_likelihood(target, sde, "dopri5", points, limited);
  for (std::size_t row = 0; row < n; ++row) EXPECT_EQ(few.error.probes[row], 8);
}

TEST(HalfWidth, IsReachedWithHutchPPOrSaidWhereNot) {
  Target const target = testing::correlated_mixture(10, 3);
  std::vector<double> const points = draw_rows(target, 5, 0, n);
  Sde const sde = make_sde("vp");
  LikelihoodOptions options = wanting(1.5, 32);
  options.divergence = divergences::hutch_pp{
      .probes = Probes::drawn(32, ProbeLaw::gaussian, 7), .sketch = 3, .seed = 7};
  Likelihood const found = log_likelihood(target, sde, "dopri5", points, options);
  for (std::size_t row = 0; row < n; ++row) EXPECT_LE(found.error.trace_half_width(row, 0.95), 1.5);
  auto const [fewest, most] =
      std::minmax_element(found.error.probes.begin(), found.error.probes.end());
  EXPECT_LT(*fewest, *most);

  // Room for two rounds or three: the intervals reached, which are not as wanted.
  options.half_width->nats = 0.01;
  options.half_width->most_probes = 32;
  Likelihood const once = log_likelihood(target, sde, "dopri5", points, options);
  options.half_width->most_probes = 4096;
  options.encode.max_evaluations =
      *std::max_element(once.evaluations.begin(), once.evaluations.end()) * 9 / 4;
  Likelihood const stopped = log_likelihood(target, sde, "dopri5", points, options);
  for (std::size_t row = 0; row < n; ++row) {
    EXPECT_GE(stopped.error.probes[row], 64);
    EXPECT_LE(stopped.error.probes[row], 128);  // where evaluations are fewer than the most
    EXPECT_GT(stopped.error.trace_half_width(row, 0.95), 0.01);
    EXPECT_LT(stopped.error.trace_half_width(row, 0.95), once.error.trace_half_width(row, 0.95));
  }
}

TEST(HalfWidth, TrustsNoIntervalOfFewProbes) {
  // However wide an interval is enough, as for signs in the plane, which take two values.
  Target const target = testing::correlated_mixture(2, 3);
  LikelihoodOptions options = wanting(1e3, 2);
  Likelihood const found =
      log_likelihood(target, make_sde("vp"), "dopri5", draw_rows(target, 5, 0, n), options);
  EXPECT_EQ(found.error.probes, std::vector<std::int64_t>(n, HalfWidth::fewest_probes));
  EXPECT_DOUBLE_EQ(found.error.trace_half_width(0, 0.9),
                   probe_quantile(0.95, HalfWidth::fewest_probes) * found.error.trace[0]);
}

TEST(HalfWidth, GivesTheSameBitsHoweverANumberOfProbesWasReached) {
  Target const target = testing::correlated_mixture(10, 3);
  std::vector<double> const points = draw_rows(target, 5, 0, n);
  Sde const sde = make_sde("vp");
  Likelihood const narrow = log_likelihood(target, sde, "dopri5", points, wanting(4));
  std::size_t compared = 0;
  for (int const most : {8, 16, 32, 64, 128}) {
    LikelihoodOptions limited = wanting(1e-6);
    limited.half_width->most_probes = most;
    Likelihood const other = log_likelihood(target, sde, "dopri5", points, limited);
    for (std::size_t row = 0; row < n; ++row) {
      if (narrow.error.probes[row] != other.error.probes[row]) continue;
      ++compared;
      EXPECT_EQ(narrow.logp[row], other.logp[row]);
      EXPECT_EQ(narrow.error.trace[row], other.error.trace[row]);
    }
  }
  EXPECT_GT(compared, 10U);
  // Alone as among others.
  LikelihoodOptions one = wanting(4);
  one.encode.first_sample = 17;
  Likelihood const alone =
      log_likelihood(target, sde, "dopri5", std::span(points).subspan(170, 10), one);
  EXPECT_EQ(alone.logp[0], narrow.logp[17]);
  // All at once the same probes take other steps.
  LikelihoodOptions fixed = wanting(1, 16);
  fixed.half_width->most_probes = 16;
  Likelihood const at_once = log_likelihood(target, sde, "dopri5", points, fixed);
  fixed = wanting(1e-6, 8);
  fixed.half_width->most_probes = 16;
  Likelihood const in_rounds = log_likelihood(target, sde, "dopri5", points, fixed);
  for (std::size_t row = 0; row < n; ++row)
    EXPECT_NEAR(at_once.logp[row], in_rounds.logp[row], 1e-2);
}

TEST(HalfWidth, RefusesWhatIsNone) {
  Target const target = testing::correlated_mixture(10, 3);
  Sde const sde = make_sde("vp");
  for (double const nats : {0.0, -1.0, std::nan(""), HUGE_VAL})
    EXPECT_THROW(static_cast<void>(log_likelihood(target, sde, "dopri5", {}, wanting(nats))), Error)
        << nats;
  for (double const confidence : {0.0, 1.0, std::nan("")}) {
    LikelihoodOptions options = wanting(1);
    options.half_width->confidence = confidence;
    EXPECT_THROW(static_cast<void>(log_likelihood(target, sde, "dopri5", {}, options)), Error);
  }
  LikelihoodOptions exact = wanting(1);
  exact.divergence = divergences::exact{};
  EXPECT_THROW(static_cast<void>(log_likelihood(target, sde, "dopri5", {}, exact)), Error);
}

}  // namespace
}  // namespace retrace
