// SPDX-License-Identifier: Apache-2.0

// Networks of chains at continuous levels and the other way round, on Gaussian data, whose exact
// predictions are known at every level.
#include <retrace/core/error.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/ddpm.hpp>
#include <retrace/sde/discrete_time.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

constexpr double data_mean = 0.7, data_variance = 0.25;

double exact(Prediction prediction, double x, NoiseLevel const& s) {
  double const a = s.alpha(), b = s.sigma(), total = a * a * data_variance + b * b;
  double const epsilon = b / total * (x - a * data_mean);
  double const x0 = data_mean + a * data_variance / total * (x - a * data_mean);
  switch (prediction) {
    case Prediction::noise:
      return epsilon;
    case Prediction::denoised:
      return x0;
    case Prediction::score:
      return -epsilon / b;
    case Prediction::velocity:
      return a * epsilon - b * x0;
    case Prediction::flow:
      return s.alpha_rate() * x0 + s.sigma_rate() * epsilon;
  }
  return 0;
}

void fill(Prediction prediction, Batch<double const> x, NoiseLevel const& s, Batch<double> out) {
  for (std::size_t i = 0; i < x.extent(0); ++i)
    for (std::size_t c = 0; c < x.extent(1); ++c) out(i, c) = exact(prediction, x(i, c), s);
}

/// A network of the chain that knows the answer at its indices, and nothing between them.
template <Prediction P>
struct Network {
  static constexpr Prediction prediction = P;
  Chain chain;
  std::vector<std::int64_t>* asked;
  [[nodiscard]] static int dimension() { return 2; }
  void operator()(Batch<double const> x, std::int64_t timestep, Batch<double> out) const {
    asked->push_back(timestep);
    fill(P, x, chain.level(timestep), out);
  }
};

template <Prediction P>
struct Continuous {
  static constexpr Prediction prediction = P;
  std::vector<NoiseLevel>* asked;
  void operator()(Batch<double const> x, NoiseLevel const& s, Batch<double> out) const {
    asked->push_back(s);
    fill(P, x, s, out);
  }
};

Chain chain_of(std::int64_t steps) { return Chain(betas_of(BetaSchedule::linear, steps)); }

/// Largest error of what `model` says at a level, on a few points where p_t lives.
template <class Model>
double error_at(Model& model, NoiseLevel const& s) {
  double const spread = std::sqrt(s.alpha() * s.alpha() * data_variance + s.sigma() * s.sigma());
  std::vector<double> x, y(6);
  for (int i = 0; i < 6; ++i) x.push_back(s.alpha() * data_mean + spread * std::sin(1.0 + 2 * i));
  model(Batch<double const>(x.data(), 3, 2), s, Batch<double>(y.data(), 3, 2));
  double worst = 0;
  for (std::size_t i = 0; i < 6; ++i) {
    double const error = std::abs(y[i] - exact(Model::prediction, x[i], s));
    if (!(error <= worst)) worst = error;
  }
  return worst;
}

template <Prediction P>
void check_own_levels() {
  Chain const chain = chain_of(1000);
  for (BetweenIndices between : {BetweenIndices::interpolate, BetweenIndices::nearest})
    for (std::int64_t i : {0, 1, 17, 500, 998, 999}) {
      std::vector<std::int64_t> asked;
      AtLevels<double, Network<P>> model({chain, &asked}, chain, between);
      EXPECT_LT(error_at(model, chain.level(i)), 1e-12);
      EXPECT_EQ(asked, (std::vector<std::int64_t>{i}));
    }
}

TEST(AtLevels, AreTheNetworksOwnAnswersAtItsLevels) {
  check_own_levels<Prediction::noise>();
  check_own_levels<Prediction::denoised>();
  check_own_levels<Prediction::velocity>();
}

TEST(AtLevels, TellTheNetworkTheIndexItWasTrainedOn) {
  Chain const chain = chain_of(1000), some = chain.respaced({0, 300, 999});
  std::vector<std::int64_t> asked;
  AtLevels<double, Network<Prediction::noise>> model({chain, &asked}, some);
  EXPECT_LT(error_at(model, some.level(1)), 1e-12);
  EXPECT_EQ(asked, (std::vector<std::int64_t>{300}));
}

/// Largest error over levels of a process between the ends of the chain.
template <Prediction P>
double error_on(Sde const& sde, std::int64_t steps, BetweenIndices between) {
  Chain const chain = chain_of(steps);
  std::vector<std::int64_t> asked;
  AtLevels<double, Network<P>> model({chain, &asked}, chain, between);
  double worst = 0;
  for (int i = 0; i <= 600; ++i)
    worst = std::max(worst, error_at(model, sde.at_lambda(-4.9 + i * (8.0 / 600))));
  return worst;
}

template <Prediction P>
void check_convergence(double share) {
  for (char const* name : {"vp", "ve", "edm", "rectified-flow"}) {
    Sde const sde = make_sde(name);
    double const coarse = error_on<P>(sde, 500, BetweenIndices::interpolate),
                 fine = error_on<P>(sde, 1000, BetweenIndices::interpolate),
                 nearest = error_on<P>(sde, 1000, BetweenIndices::nearest),
                 nearest_coarse = error_on<P>(sde, 500, BetweenIndices::nearest);
    EXPECT_NEAR(std::log2(coarse / fine), 2, 0.4) << name;
    EXPECT_NEAR(std::log2(nearest_coarse / nearest), 1, 0.4) << name;
    EXPECT_LT(fine, share * nearest) << name;
  }
}

TEST(AtLevels, InterpolateToSecondOrderOnEveryProcess) {
  check_convergence<Prediction::noise>(0.3);
  check_convergence<Prediction::denoised>(0.3);
  check_convergence<Prediction::velocity>(0.3);
}

TEST(AtLevels, AnswerWithTheEndsBeyondTheChain) {
  Chain const chain = chain_of(1000);
  std::vector<std::int64_t> asked;
  AtLevels<double, Network<Prediction::noise>> model({chain, &asked}, chain);
  (void)error_at(model, make_sde("edm:sigma_max=1e3").at(1e3));
  (void)error_at(model, make_sde("edm").at(0.002));
  (void)error_at(model, make_sde("rectified-flow").at(1));
  EXPECT_EQ(asked, (std::vector<std::int64_t>{999, 0, 999}));
  Chain const zero = chain.with_zero_snr();
  asked.clear();
  AtLevels<double, Network<Prediction::denoised>> flat({zero, &asked}, zero);
  (void)error_at(
      flat, make_sde("edm:sigma_max=1e6").at(1e6));  // noisier than index 998, not yet pure noise
  EXPECT_LT(error_at(flat, zero.level(999)), 1e-12);
  EXPECT_EQ(asked, (std::vector<std::int64_t>{998, 999}));
}

TEST(AtLevels, RunUnderSamplersOfContinuousProcesses) {
  Chain const chain = chain_of(1000);
  std::vector<std::int64_t> asked;
  std::vector<NoiseLevel> levels;
  Grid const grid = make_grid("karras", make_sde("ve"), 15, {.from = 0.95, .to = {}});
  SampleOptions<double> const options{.samples = 40, .seed = 3, .dimension = 2};
  auto const network =
      sample<double>(AtLevels<double, Network<Prediction::noise>>({chain, &asked}, chain),
                     make_sampler("dpmpp-2m"), grid, options);
  auto const model = sample<double>(Continuous<Prediction::noise>{&levels},
                                    make_sampler("dpmpp-2m"), grid, options);
  for (std::size_t i = 0; i < 40; ++i)
    for (std::size_t c = 0; c < 2; ++c) EXPECT_NEAR(network.x(i, c), model.x(i, c), 2e-3);
}

template <Prediction P>
void check_trained_on() {
  for (char const* name : {"vp", "ve", "edm", "sub-vp", "cosine", "rectified-flow"}) {
    Sde const sde = make_sde(name);
    std::vector<NoiseLevel> asked;
    TrainedOn<double, Continuous<P>> model({&asked}, sde);
    Chain const chain = chain_of(1000);
    for (std::int64_t i : {0, 1, 400, 850}) {
      EXPECT_LT(error_at(model, chain.level(i)), 1e-11) << name << ' ' << i;
      EXPECT_NEAR(asked.back().lambda(), chain.level(i).lambda(), 1e-11);
    }
    EXPECT_LT(error_at(model, make_sde("edm").at(0.3)), 1e-11) << name;
  }
}

TEST(TrainedOn, GivesTheExactPredictionsOnAChain) {
  check_trained_on<Prediction::noise>();
  check_trained_on<Prediction::denoised>();
  check_trained_on<Prediction::velocity>();
  check_trained_on<Prediction::score>();
}

/// T6: DDPM's last index is noisier than vp's t = 1, so that one is what the model is asked for.
TEST(TrainedOn, StaysWithinTheTimesOfItsProcess) {
  std::vector<NoiseLevel> asked;
  TrainedOn<double, Continuous<Prediction::noise>> model({&asked}, make_sde("vp"));
  EXPECT_LT(error_at(model, make_sde("ddpm").at(999)), 1e-3);
  EXPECT_EQ(asked.back().t(), 1);
  EXPECT_LT(error_at(model, make_sde("ddpm:zero_snr=yes").at(999)), 0.05);
  EXPECT_EQ(asked.back().t(), 1);
  TrainedOn<double, Continuous<Prediction::noise>> exploding({&asked}, make_sde("ve"));
  (void)error_at(exploding, make_sde("edm").at(0.002));
  EXPECT_EQ(asked.back().t(), 0);
  EXPECT_TRUE(contains(argument_error([&] {
                         (void)TrainedOn<double, Continuous<Prediction::noise>>({&asked}, ddpm{});
                       }),
                       "AtLevels"));
}

}  // namespace
}  // namespace retrace
