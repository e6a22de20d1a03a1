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

constexpr Tolerance tight{1e-10, 1e-10};

/// The largest |log p_from(x) - log p_to(z) - change| / max(1, |log p_from(x)|), the densities
/// exact.
double identity_error(Target const& target, NoiseLevel const& from, NoiseLevel const& to,
                      std::vector<double> const& x, Encoded const& run) {
  std::size_t const d = run.z.extent(1);
  double largest = 0;
  for (std::size_t row = 0; row < run.z.extent(0); ++row) {
    EXPECT_EQ(run.outcomes[row], Outcome::done);
    double const before = target.at(from).log_density(std::span(x).subspan(row * d, d));
    double const after = target.at(to).log_density(row_of(run.z, row));
    double const error =
        std::abs(before - after - run.change(row, 0)) / std::max(1.0, std::abs(before));
    if (!(error <= largest)) largest = error;
  }
  return largest;
}

double error_of_route(HostModel const& model, Target const& target, std::string const& sde_name,
                      OdeStepper const& stepper, EncodeOptions const& options, Span span = {}) {
  Sde const sde = make_sde(sde_name);
  NoiseLevel const from = sde.at(span.from.value_or(sde.default_end(Solver::deterministic)));
  NoiseLevel const to = sde.at(span.to.value_or(sde.t_max()));
  auto const x = points(target, from, 12);
  return identity_error(target, from, to, x,
                        encode(model, sde, stepper, span, x, divergences::exact{}, options));
}

TEST(Encode, ChangesTheLogDensityOfAMixtureByTheIntegralOfTheDivergence) {  // N6, R74
  Target const target = correlated_2d().mixture();
  for (char const* sde : {"vp", "ve", "sub-vp", "edm", "cosine", "rectified-flow"})
    for (OdeStepper const& stepper : odeint_steppers())
      // What does not see integrals keeps the states alone to the tolerance.
      EXPECT_LE(error_of_route(host_model(target), target, sde, stepper,
                               {.tolerance = tight, .volume_error = volume_error(stepper)}),
                stepper.integral_error == IntegralError::seen ? 1e-8 : 1e-3)
          << sde << ' ' << stepper.name;
}

TEST(Encode, NeedsNoMoreThanTheTermsItHas) {  // the control: 1e-7 of the divergence is seen
  Target const target = correlated_2d().mixture();
  HostModel model = host_model(target);
  model.divergence = [exact = model.divergence](auto x, auto const& level, auto out) {
    return (1 + 1e-7) * exact(x, level, out);
  };
  for (char const* sde : {"vp", "ve", "sub-vp"})
    EXPECT_GT(error_of_route(model, target, sde, odeint_stepper("dopri5"), {.tolerance = tight}),
              1e-8)
        << sde;
}

TEST(Encode, OfAGaussianChangesByHalfTheLogOfItsCovariances) {  // N6
  MixtureNumbers const data = gaussian_5d();
  Target const target = data.mixture();
  for (char const* name : {"vp", "ve", "sub-vp"}) {
    Sde const sde = make_sde(name);
    NoiseLevel const from = sde.at(1e-5), to = sde.at(sde.t_max());
    long double expected = 0;
    for (double const c : target.mixture()->eigenvalues()) {
      auto const variance = [&](NoiseLevel const& s) {
        return s.alpha() * s.alpha() * static_cast<long double>(c) + s.sigma() * s.sigma();
      };
      expected += std::log(variance(to) / variance(from)) / 2;
    }
    for (OdeStepper const& stepper : odeint_steppers()) {
      auto const run =
          encode(host_model(target), sde, stepper, {}, points(target, from, 6),
                 divergences::exact{}, {.tolerance = tight, .volume_error = volume_error(stepper)});
      for (std::size_t row = 0; row < 6; ++row)
        EXPECT_NEAR(run.change(row, 0), static_cast<double>(expected), 1e-8)
            << name << ' ' << stepper.name;
    }
  }
}

TEST(Encode, TakesBoxesAndSpoiledTargetsAndEveryWayToTheSameDivergence) {
  Target const board = checkerboard{}();
  for (char const* sde : {"vp", "ve"})
    EXPECT_LE(error_of_route(host_model(board), board, sde, odeint_stepper("dopri5"),
                             {.tolerance = tight}, {0.1, {}}),
              1e-7)
        << sde;
  // A spoiled flow has no known density: what d products make of it is what its divergence is.
  Sde const sde = make_sde("vp");
  HostModel model =
      host_model(spoiled(Target(correlated_2d().mixture()), score_errors::field{.size = 0.2}));
  auto const x = points(board, sde.at(0.1), 6);
  auto const changes = [&](HostModel const& of) {
    return encode(of, sde, odeint_stepper("tsit5"), {1e-3, {}}, x, divergences::exact{},
                  {.tolerance = tight});
  };
  auto const own = changes(model);
  HostModel by_products = model;
  by_products.divergence = {};
  auto const products = changes(by_products), coarse = changes(with_differences(model, 2e-4)),
             fine = changes(with_differences(model, 1e-4));
  for (std::size_t row = 0; row < 6; ++row) {
    EXPECT_NEAR(products.change(row, 0), own.change(row, 0), 1e-9);
    // The error of differences falls with the square of the step, which is how to estimate it.
    double const error = fine.change(row, 0) - own.change(row, 0);
    EXPECT_NEAR((coarse.change(row, 0) - fine.change(row, 0)) / 3, error,
                0.02 * std::abs(error) + 1e-8);
    EXPECT_LT(std::abs(error), 1e-4);
  }
}

TEST(Encode, ComesBackWithTheOppositeChange) {  // N22
  Target const target = correlated_2d().mixture();
  for (auto const& entry : testing::continuous_sdes()) {
    Sde const sde = make_sde(entry.name);
    if (entry.name == "constant") continue;
    double const data = sde.default_end(Solver::deterministic), noise = sde.t_max();
    auto const x = points(target, sde.at(data), 4);
    auto const there = encode(host_model(target), sde, odeint_stepper("dopri5"), {data, noise}, x,
                              divergences::exact{}, {.tolerance = tight});
    auto const back =
        encode(host_model(target), sde, odeint_stepper("dopri5"), {noise, data},
               {there.z.data(), there.z.size()}, divergences::exact{}, {.tolerance = tight});
    for (std::size_t row = 0; row < 4; ++row) {
      EXPECT_NEAR(back.change(row, 0), -there.change(row, 0), 1e-7) << entry.name;
      for (std::size_t c = 0; c < 2; ++c)
        EXPECT_NEAR(back.z(row, c), x[2 * row + c], 1e-7) << entry.name;
    }
  }
}

TEST(Encode, LeavesTheIntegralsOutOfTheToleranceWhereAsked) {
  Target const target = correlated_2d().mixture();
  Sde const sde = make_sde("vp");
  auto const x = points(target, sde.at(1e-5), 8);
  for (OdeStepper const& stepper : odeint_steppers()) {
    auto const run = [&](VolumeError error) {
      return encode(host_model(target), sde, stepper, {}, x, divergences::exact{},
                    {.tolerance = {1e-8, 1e-8}, .volume_error = error});
    };
    auto const free = run(VolumeError::free);
    // As if there were no integral: the states of a solve that knows nothing of it.
    HostModel const model = host_model(target);
    ProbabilityFlow flow(model, sde, sde.at(1e-5), sde.at(1));
    OdeState z(x.begin(), x.begin() + 2);
    for (double& c : z) c /= radius_of(sde.at(1e-5));
    auto const method = stepper.make({1e-8, 1e-8});
    Integrated const alone = integrate(*method, std::ref(flow), z, angle_of(sde.at(1e-5)),
                                       angle_of(sde.at(1)), {.tolerance = {1e-8, 1e-8}});
    EXPECT_EQ(free.evaluations[0], alone.evaluations) << stepper.name;
    for (std::size_t c = 0; c < 2; ++c)
      EXPECT_EQ(free.z(0, c), radius_of(sde.at(1)) * z[c]) << stepper.name;
    if (stepper.integral_error == IntegralError::unseen) {
      EXPECT_TRUE(contains(argument_error([&] { (void)run(VolumeError::controlled); }),
                           "its error estimate does not see integrals"));
      continue;
    }
    auto const controlled = run(VolumeError::controlled);
    std::int64_t more = 0;
    for (std::size_t row = 0; row < 8; ++row) {
      more += controlled.evaluations[row] - free.evaluations[row];
      EXPECT_NEAR(free.change(row, 0), controlled.change(row, 0), 1e-2) << stepper.name;
    }
    EXPECT_GT(more, 0) << stepper.name;
  }
}

std::vector<double> numbers(Encoded const& run) {
  std::vector<double> all(run.z.data(), run.z.data() + run.z.size());
  all.insert(all.end(), run.change.data(), run.change.data() + run.change.size());
  return all;
}

TEST(Encode, DependsNeitherOnThreadsNorOnOtherPoints) {  // R59, R60
  Target const target = testing::correlated_mixture(3, 4);
  Sde const sde = make_sde("ve");
  auto const x = points(target, sde.at(1e-5), 11);
  std::vector<DivergenceEstimator> const estimators{
      divergences::exact{}, divergences::hutchinson{Probes::drawn(3, ProbeLaw::gaussian, 4)},
      divergences::hutch_pp{.probes = Probes::drawn(2, ProbeLaw::rademacher, 4), .sketch = 2}};
  for (OdeStepper const& stepper : odeint_steppers())
    for (DivergenceEstimator const& estimator : estimators) {
      auto const part = [&](std::size_t first, std::size_t count) {
        return encode(host_model(target), sde, stepper, {},
                      std::span(x).subspan(3 * first, 3 * count), estimator,
                      {.volume_error = volume_error(stepper), .first_sample = 100 + first});
      };
      auto const whole = part(0, 11);
      for (std::size_t const threads : {1U, 2U, 7U}) {
        tbb::global_control const limit(tbb::global_control::max_allowed_parallelism, threads);
        EXPECT_EQ(numbers(part(0, 11)), numbers(whole)) << stepper.name << ' ' << threads;
      }
      for (std::size_t const row : {0U, 4U, 10U}) {
        auto const alone = part(row, 1);
        for (std::size_t c = 0; c < 3; ++c) EXPECT_EQ(alone.z(0, c), whole.z(row, c));
        for (std::size_t k = 0; k < whole.change.extent(1); ++k)
          EXPECT_EQ(alone.change(0, k), whole.change(row, k)) << stepper.name;
        EXPECT_EQ(alone.evaluations[0], whole.evaluations[row]);
      }
    }
}

TEST(Encode, GoesFromDataWithoutNoiseToPureNoiseWhereThePredictionSaysHow) {
  Target const target = correlated_2d().mixture();
  for (double const from : {0.0, 1e-3})
    EXPECT_LE(error_of_route(host_model(target), target, "rectified-flow", odeint_stepper("dopri5"),
                             {.tolerance = tight}, {from, 1.0}),
              1e-8)
        << from;
  HostModel score = host_model(target);
  score.prediction = Prediction::score;
  EXPECT_TRUE(contains(argument_error([&] {
                         (void)encode(score, make_sde("rectified-flow"), odeint_stepper("tsit5"),
                                      {1e-3, 1.0}, std::vector<double>{0, 1}, divergences::exact{});
                       }),
                       "--to cannot be 1; alpha is 0 there"));
}

}  // namespace
}  // namespace retrace
