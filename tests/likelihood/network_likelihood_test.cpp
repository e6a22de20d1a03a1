// SPDX-License-Identifier: Apache-2.0
#include "smooth_network.hpp"

#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/exact_divergence.hpp>
#include <retrace/likelihood/log_likelihood.hpp>
#include <retrace/odeint/steppers.hpp>
#include <retrace/sde/log_snr.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace retrace {
namespace {

std::vector<double> some_points(int dimension, int n) {
  std::vector<double> points;
  for (int i = 0; i < n * dimension; ++i) points.push_back(1.4 * std::sin(1.0 + 1.7 * i));
  return points;
}

constexpr Span span{1e-2, 0.95};

TEST(NetworkLikelihood, AgreesWithTheHostOnEveryProcess) {
  for (char const* const process : {"vp", "ve", "sub-vp", "cosine"})
    for (int const d : {1, 2, 5}) {
      SCOPED_TRACE(std::string(process) + " in " + std::to_string(d) + " D");
      Sde const sde = make_sde(process);
      Network const network = smooth_network(d);
      auto const points = some_points(d, 9);
      EncodeOptions const options{.tolerance = {1e-10, 1e-10}};
      Encoded const host = encode(host_model(network), sde, odeint_stepper("dopri5"), span, points,
                                  divergences::exact{}, options);
      Encoded const run = encode(*adaptive_volume_executor<double>(network, sde, span),
                                 *step_program_of("dopri5"), sde, span, points, options);
      for (std::size_t row = 0; row < 9; ++row) {
        EXPECT_EQ(run.outcomes[row], Outcome::done);
        EXPECT_NEAR(run.change(row, 0), host.change(row, 0), 1e-8);
        EXPECT_NEAR(run.z(row, 0), host.z(row, 0), 1e-8 * (1 + std::abs(host.z(row, 0))));
      }
    }
}

TEST(NetworkLikelihood, IsInFloatWhatItIsInDoubleButForRounding) {
  Sde const sde = make_sde("vp");
  Network const network = smooth_network(2);
  auto const points = some_points(2, 50);
  LikelihoodOptions options{.span = span, .budget = Budget::none};
  Likelihood const exact = log_likelihood(network, sde, "tsit5", points, options);
  options.arithmetic = Arithmetic::in_float;
  Likelihood const rounded = log_likelihood(network, sde, "tsit5", points, options);
  double largest = 0;
  for (std::size_t i = 0; i < 50; ++i)
    largest = std::max(largest, std::abs(exact.logp[i] - rounded.logp[i]));
  EXPECT_LT(largest, 1e-3);
  EXPECT_GT(largest, 0);
}

TEST(NetworkLikelihood, OfAGridConvergesToThatOfAdaptiveSteps) {
  Sde const sde = make_sde("vp");
  Network const network = smooth_network(2);
  auto const points = some_points(2, 20);
  Likelihood const exact = log_likelihood(
      network, sde, "dopri5", points,
      {.span = span, .encode = {.tolerance = {1e-10, 1e-10}}, .budget = Budget::none});
  double before = 1;
  for (std::int64_t const steps : {16, 32, 64}) {
    Likelihood const run =
        log_likelihood(network, "dpm-solver-3", grids::log_snr{}(sde, steps, span), points);
    double largest = 0;
    for (std::size_t i = 0; i < 20; ++i) {
      double const error = std::abs(run.logp[i] - exact.logp[i]);
      EXPECT_LE(error, run.error.ode[i]);
      largest = std::max(largest, error);
    }
    EXPECT_LT(largest, before / 4) << steps;
    before = largest;
  }
}

TEST(NetworkLikelihood, KnowsHowFarTheIntegrationIsOff) {
  Sde const sde = make_sde("vp");
  Network const network = smooth_network(2);
  auto const points = some_points(2, 20);
  LikelihoodOptions options{.span = span, .encode = {.tolerance = {1e-10, 1e-10}}};
  Likelihood const exact = log_likelihood(network, sde, "dopri5", points, options);
  for (Arithmetic const arithmetic : {Arithmetic::in_double, Arithmetic::in_float}) {
    options.arithmetic = arithmetic;
    options.encode.tolerance = {1e-5, 1e-5};
    Likelihood const run = log_likelihood(network, sde, "dopri5", points, options);
    int covered = 0;
    for (std::size_t i = 0; i < 20; ++i) {
      covered += std::abs(run.logp[i] - exact.logp[i]) <= run.error.ode[i] ? 1 : 0;
      EXPECT_LT(run.error.ode[i], 1e-3);
      EXPECT_EQ(run.error.trace[i], 0);
    }
    EXPECT_GE(covered, 19);  // the error is an estimate, of two runs
  }
}

TEST(NetworkLikelihood, GivesEveryPointWhatItGetsAlone) {
  Sde const sde = make_sde("vp");
  Network const network = smooth_network(2);
  auto const points = some_points(2, 70);
  auto const executor = adaptive_volume_executor<double>(network, sde, span);
  auto const run = [&](std::vector<double> const& some) {
    return encode(*executor, *step_program_of("dopri5"), sde, span, some);
  };
  Encoded const all = run(points);
  for (std::size_t const row : {std::size_t{0}, std::size_t{37}, std::size_t{69}}) {
    Encoded const alone = run({points[2 * row], points[2 * row + 1]});
    EXPECT_EQ(alone.change(0, 0), all.change(row, 0));
    EXPECT_EQ(alone.z(0, 1), all.z(row, 1));
  }
}

TEST(NetworkLikelihood, GoesToPureNoiseOnTheHostWhereThePredictionGivesTheFlowThere) {
  Sde const sde = make_sde("rectified-flow");
  auto const points = some_points(2, 3);
  LikelihoodOptions const options{.span = {0.1, 1.0}, .budget = Budget::none};
  auto const with = [&](Prediction prediction) {
    return log_likelihood(random_network({.width = 9, .prediction = prediction}, 3), sde, "dopri5",
                          points, options);
  };
  EXPECT_TRUE(std::isfinite(with(Prediction::velocity).logp[2]));
  EXPECT_THROW(with(Prediction::noise), Error);
}

}  // namespace
}  // namespace retrace
