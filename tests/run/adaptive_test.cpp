// SPDX-License-Identifier: Apache-2.0

// Adaptive steps in kernels: each sample by itself, many at once.
#include <retrace/odeint/sample.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/samplers/embedded_pair.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/angle_mixture_source.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>
#include <support/mixtures.hpp>
#include <tbb/global_control.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

constexpr std::array pairs{"dopri5", "tsit5", "cash-karp54", "fehlberg78"};
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

using Isotropic = AngleMixtureSource<CovarianceShape::isotropic>;

Mixture target() { return testing::scattered_mixture(2, 5); }

double mean(std::vector<std::int64_t> const& counts) {
  double sum = 0;
  for (auto const each : counts) sum += static_cast<double>(each);
  return sum / static_cast<double>(counts.size());
}

template <class T>
std::vector<T> values(AdaptiveSamples<T> const& run) {
  return {run.x.data(), run.x.data() + run.x.size()};
}

/// What a sample leaves but the time it took.
template <class T>
void expect_same(AdaptiveSamples<T> const& a, AdaptiveSamples<T> const& b,
                 std::string const& what) {
  EXPECT_EQ(values(a), values(b)) << what;
  EXPECT_EQ(a.t, b.t) << what;
  EXPECT_EQ(a.evaluations, b.evaluations) << what;
  EXPECT_EQ(a.steps, b.steps) << what;
  EXPECT_EQ(a.rejections, b.rejections) << what;
  EXPECT_EQ(a.outcomes, b.outcomes) << what;
}

template <class T>
AdaptiveSamples<T> run(AdaptiveExecutor<T>&& executor, char const* pair, std::int64_t samples,
                       std::uint64_t first = 0, Tolerance tolerance = {1e-4, 1e-4}) {
  Sde const sde = make_sde("vp");
  AdaptiveOptions<T> const options{
      .samples = samples, .seed = 3, .first_sample = first, .tolerance = tolerance};
  return adaptive_sample<T>(executor, gaussian_start<T>(sde.prior_sigma(), 3),
                            step_program_of(pair).value(), sde, {}, options);
}

template <class T, class Isa = simd::Native, int L = 64, int Block = 0, int Dim = 2>
AdaptiveSamples<T> tiled(char const* pair, std::int64_t samples, std::uint64_t first = 0) {
  return run<T>(TiledAdaptiveExecutor<T, Isotropic, Dim, Isa, L, Block>(Isotropic(target())), pair,
                samples, first);
}

template <class T>
void expect_bits_of_their_own() {
  for (char const* pair : pairs) {
    auto const whole = tiled<T>(pair, 500, 100);
    EXPECT_EQ(whole.count(Outcome::done), 500) << pair;
    expect_same(tiled<T, simd::Native, 32>(pair, 500, 100), whole, "tiles of 32 lanes");
    expect_same(tiled<T, simd::Native, 128>(pair, 500, 100), whole, "tiles of 128 lanes");
    expect_same(tiled<T, simd::Scalar, 1>(pair, 500, 100), whole, "scalar lanes, one a tile");
    expect_same(tiled<T, simd::Native, 64, 64>(pair, 500, 100), whole, "no refill");
    expect_same(tiled<T, simd::Native, 64, 7>(pair, 500, 100), whole, "more lanes than samples");
    expect_same(tiled<T, simd::Native, 64, 1000>(pair, 500, 100), whole, "one queue");
    expect_same(tiled<T, simd::Native, 64, 0, 0>(pair, 500, 100), whole, "dimension at run time");
    auto const tail = tiled<T>(pair, 377, 223);
    for (std::size_t i = 0; i < 377; ++i) {
      EXPECT_EQ(tail.x(i, 0), whole.x(i + 123, 0)) << pair;
      EXPECT_EQ(tail.evaluations[i], whole.evaluations[i + 123]) << pair;
    }
  }
}

TEST(Adaptive, GivesEverySampleTheSameBitsForAnyTileRefillAndBatch) {
  expect_bits_of_their_own<float>();
  expect_bits_of_their_own<double>();
}

TEST(Adaptive, FindsWhatTheHostFindsAtItsCost) {
  Mixture const mixture = testing::correlated_mixture(2, 3);
  for (char const* name : {"vp", "ve", "cosine", "rectified-flow"}) {
    Sde const sde = make_sde(name);
    auto const exact = odeint_sample(mixture, sde, odeint_stepper("fehlberg78"), {},
                                     {.samples = 200, .seed = 1, .tolerance = {1e-11, 1e-11}});
    for (char const* pair : pairs) {
      Tolerance const tolerance{1e-7, 1e-7};
      auto const tiles = adaptive_sample<double>(
          mixture, pair, sde, {}, {.samples = 200, .seed = 1, .tolerance = tolerance});
      auto const host = odeint_sample(mixture, sde, odeint_stepper(pair), {},
                                      {.samples = 200, .seed = 1, .tolerance = tolerance});
      EXPECT_EQ(tiles.count(Outcome::done), 200);
      double worst = 0, host_worst = 0;
      for (std::size_t i = 0; i < exact.x.size(); ++i) {
        worst = std::max(worst, std::abs(tiles.x.data()[i] - exact.x.data()[i]));
        host_worst = std::max(host_worst, std::abs(host.x.data()[i] - exact.x.data()[i]));
      }
      EXPECT_LT(worst, 3 * host_worst + 1e-6) << pair << " on " << name;
      EXPECT_NEAR(mean(tiles.evaluations), mean(host.evaluations), 0.1 * mean(host.evaluations))
          << pair << " on " << name;
      EXPECT_EQ(tiles.t, host.t);
    }
  }
}

TEST(Adaptive, HasErrorsInProportionToTheTolerance) {  // N5
  Mixture const mixture = target();
  Sde const sde = make_sde("vp");
  auto const solved = [&](char const* pair, double tolerance) {
    return adaptive_sample<double>(
        mixture, pair, sde, {}, {.samples = 400, .seed = 1, .tolerance = {tolerance, tolerance}});
  };
  auto const exact = solved("fehlberg78", 1e-13);
  for (char const* pair : {"dopri5", "tsit5", "cash-karp54"}) {
    double last = 0;
    for (double const tolerance : {1e-4, 1e-6, 1e-8, 1e-10}) {
      auto const run = solved(pair, tolerance);
      double sum = 0;
      for (std::size_t i = 0; i < exact.x.size(); ++i)
        sum += std::abs(run.x.data()[i] - exact.x.data()[i]);
      double const error = sum / static_cast<double>(exact.x.size());
      EXPECT_LT(error, 30 * tolerance) << pair;
      EXPECT_GT(error, tolerance / 30) << pair;
      if (last > 0) {
        EXPECT_NEAR(std::log10(last / error), 2, 0.7) << pair << ' ' << tolerance;
      }
      last = error;
    }
  }
}

TEST(Adaptive, SaysWhichToleranceItKept) {
  Tolerance const small{1e-9, 1e-5};
  EXPECT_EQ(attainable<float>(small).rtol, 16 * 0x1p-23);
  EXPECT_EQ(attainable<float>(small).atol, 1e-5);
  EXPECT_EQ(attainable<double>(small).rtol, 1e-9);
  auto const run = adaptive_sample<float>(target(), "tsit5", make_sde("vp"), {},
                                          {.samples = 100, .seed = 1, .tolerance = {1e-12, 1e-12}});
  EXPECT_EQ(run.tolerance.rtol, 16 * 0x1p-23);
  EXPECT_EQ(run.count(Outcome::done), 100);
}

TEST(Adaptive, KeepsItsLanesBusy) {
  auto const busy = tiled<float, simd::Native, 64, 4096>("dopri5", 4096);
  EXPECT_GT(busy.lane_use, 0.95);
  EXPECT_LT((tiled<float, simd::Native, 64, 64>("dopri5", 4096)).lane_use, 0.9);  // no refill
}

/// A mixture's flow that is not finite for some samples over some angles: those whose first
/// coordinate is positive where the angle is in (low, high).
template <class Tile>
struct FaultyTile {
  using value_type = typename Tile::value_type;
  static constexpr int dimension_at_compile_time = Tile::dimension_at_compile_time;
  Tile tile;
  value_type low, high, bad, least;

  [[nodiscard]] KOKKOS_INLINE_FUNCTION int dimension() const { return tile.dimension(); }
  [[nodiscard]] KOKKOS_INLINE_FUNCTION int scratch(int lanes) const {
    return tile.scratch(lanes) + 2 * lanes;
  }
  template <Lanes L>
  RETRACE_INLINE void operator()(L const& lanes, value_type const* z, value_type* y,
                                 value_type const* angle, value_type const* factor,
                                 value_type* scratch) const {
    value_type* const hit = scratch;
    lanes.each_lane([&](int l) {
      hit[l] = angle[l] > low && angle[l] < high && z[l] > least ? bad : value_type(0);
    });
    tile(lanes, z, y, angle, factor, scratch + 2 * L::lanes);
    lanes.each_lane([&](int l) { y[l] += hit[l]; });
  }
};

struct Faulty {
  Isotropic source;
  double low, high, bad, least;

  [[nodiscard]] int dimension() const { return source.dimension(); }
  template <class T, int Dim, class Exec>
  [[nodiscard]] auto prepare(Exec const& exec) const {
    auto inner = source.prepare<T, Dim, Exec>(exec);
    struct Prepared {
      decltype(inner) kept;
      FaultyTile<decltype(inner.tile)> tile;
    };
    return Prepared{inner,
                    {inner.tile, static_cast<T>(low), static_cast<T>(high), static_cast<T>(bad),
                     static_cast<T>(least)}};
  }
};

template <class T>
AdaptiveSamples<T> faulty(char const* pair, double low, double high, double bad, double least) {
  return run<T>(
      TiledAdaptiveExecutor<T, Faulty, 2>(Faulty{Isotropic(target()), low, high, bad, least}), pair,
      300);
}

TEST(Adaptive, StopsTheSampleThatIsNotFiniteAndNoOther) {  // R1, R3, R4
  for (char const* pair : pairs)
    for (double const bad : {nan, std::numeric_limits<double>::infinity()}) {
      auto const good = faulty<double>(pair, 2, 3, bad, 0);
      auto const run = faulty<double>(pair, 0.2, 0.6, bad, 0);
      EXPECT_EQ(good.count(Outcome::done), 300);
      EXPECT_GT(run.count(Outcome::step_underflow), 20) << pair;
      int undisturbed = 0;
      for (std::size_t i = 0; i < 300; ++i) {
        EXPECT_TRUE(std::isfinite(run.x(i, 0)) && std::isfinite(run.x(i, 1)));
        if (run.outcomes[i] == Outcome::step_underflow) {
          EXPECT_GT(run.t[i], 1e-5) << pair;
          EXPECT_GT(run.rejections[i], 5) << pair;
          continue;
        }
        EXPECT_EQ(run.t[i], 1e-5) << pair;
        if (run.rejections[i] != good.rejections[i]) continue;  // it looked where there is trouble
        ++undisturbed;
        EXPECT_EQ(run.x(i, 0), good.x(i, 0)) << pair;
        EXPECT_EQ(run.x(i, 1), good.x(i, 1)) << pair;
        EXPECT_EQ(run.evaluations[i], good.evaluations[i]) << pair;
      }
      EXPECT_GT(undisturbed, 50) << pair;
    }
}

TEST(Adaptive, PassesTroubleThatPasses) {
  // So narrow that steps jump over it, but for those that land in it.
  for (char const* pair : pairs) {
    auto const run = faulty<double>(pair, 0.5, 0.5 + 1e-4, nan, -100);
    EXPECT_EQ(run.count(Outcome::done) + run.count(Outcome::step_underflow), 300) << pair;
    EXPECT_GT(run.count(Outcome::done), 250) << pair;
  }
}

TEST(Adaptive, DoesNotCallTheModelForAStartThatIsNotFinite) {  // R9
  Start<float> const start = [](std::uint64_t, Batch<float> x) {
    for (std::size_t i = 0; i < x.extent(0); ++i)
      x(i, 0) = x(i, 1) = i % 3 == 0 ? std::numeric_limits<float>::quiet_NaN() : 0.5F;
  };
  for (char const* pair : pairs) {
    auto const run = adaptive_sample<float>(target(), pair, make_sde("vp"), {},
                                            {.samples = 200, .start = start});
    for (std::size_t i = 0; i < 200; ++i) {
      bool const bad = i % 3 == 0;
      EXPECT_EQ(run.outcomes[i], bad ? Outcome::nonfinite : Outcome::done) << pair;
      EXPECT_EQ(run.evaluations[i] == 0, bad) << pair;
      EXPECT_EQ(run.t[i], bad ? 1 : 1e-5) << pair;
      EXPECT_EQ(std::isnan(run.x(i, 0)), bad) << pair;
    }
  }
}

TEST(Adaptive, GoesOnFromWhereItsEvaluationsRanOut) {  // R14
  Sde const sde = make_sde("vp");
  Tolerance const tolerance{1e-8, 1e-8};
  auto const whole = adaptive_sample<double>(target(), "dopri5", sde, {},
                                             {.samples = 20, .seed = 1, .tolerance = tolerance});
  auto const first = adaptive_sample<double>(
      target(), "dopri5", sde, {},
      {.samples = 20, .seed = 1, .tolerance = tolerance, .max_evaluations = 60});
  EXPECT_EQ(first.count(Outcome::max_steps), 20);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_LE(first.evaluations[i], 60);
    HostArray<double> state("state", 1, 2);
    for (std::size_t c = 0; c < 2; ++c) state(0, c) = first.x(i, c);
    auto const rest = adaptive_sample<double>(
        target(), "dopri5", sde, {first.t[i], {}},
        {.samples = 1, .tolerance = tolerance, .start = given_start<double>(state, 0)});
    for (std::size_t c = 0; c < 2; ++c) EXPECT_NEAR(rest.x(0, c), whole.x(i, c), 1e-6);
  }
}

TEST(Adaptive, GoesToTheNoiseAndReturns) {
  for (char const* name : {"vp", "rectified-flow"}) {
    Sde const sde = make_sde(name);
    HostArray<double> data("data", 30, 2);
    for (std::size_t i = 0; i < 30; ++i)
      target().draw(1, static_cast<std::int64_t>(i), {&data(i, 0), 2});
    auto const solved = [&](HostArray<double> const& from, Span span) {
      return adaptive_sample<double>(
                 target(), "tsit5", sde, span,
                 {.samples = 30, .tolerance = {1e-9, 1e-9}, .start = given_start<double>(from, 0)})
          .x;
    };
    auto const noise = solved(data, {1e-5, sde.t_max()});
    auto const again = solved(noise, {sde.t_max(), 1e-5});
    for (std::size_t i = 0; i < data.size(); ++i)
      EXPECT_NEAR(again.data()[i], data.data()[i], 1e-5) << name;
  }
}

TEST(Adaptive, RefusesBadTolerancesAndNumbers) {  // R10
  auto const refusal = [&](AdaptiveOptions<float> const& options) {
    return argument_error(
        [&] { (void)adaptive_sample<float>(target(), "dopri5", make_sde("vp"), {}, options); });
  };
  for (double const bad : {nan, -1e-5, 0.0, 2.0}) {
    EXPECT_TRUE(contains(refusal({.samples = 1, .tolerance = {bad, 1e-5}}), "--rtol"));
    EXPECT_TRUE(contains(refusal({.samples = 1, .tolerance = {1e-5, bad}}), "--atol"));
  }
  EXPECT_TRUE(contains(refusal({.samples = -1}), "samples"));
  EXPECT_TRUE(contains(refusal({.samples = 1, .max_evaluations = 0}), "evaluations"));
}

TEST(Adaptive, GivesNoSampleToNobody) {  // R18
  auto const run = adaptive_sample<float>(target(), "dopri5", make_sde("vp"), {}, {});
  EXPECT_EQ(run.x.extent(0), 0U);
  EXPECT_EQ(run.x.extent(1), 2U);
}

}  // namespace
}  // namespace retrace
