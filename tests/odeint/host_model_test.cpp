// SPDX-License-Identifier: Apache-2.0
#include <retrace/odeint/flow.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>
#include <support/messages.hpp>
#include <support/mixtures.hpp>
#include <support/on_host.hpp>
#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;
using Vector = std::vector<double>;

/// The slope of the flow at (phi, z), and d unit vectors' products.
struct Slopes {
  Vector slope, products;
  double divergence;
};

Slopes slopes(HostModel const& model, Sde const& sde, double phi, Vector const& z) {
  std::size_t const d = z.size();
  ProbabilityFlow flow(model, sde, sde.at(sde.default_end(Solver::deterministic)),
                       sde.at(sde.t_max()));
  Slopes found{Vector(d), Vector(d * d), 0};
  Vector plain(d), with_divergence(d), units(d * d);
  for (std::size_t i = 0; i < d; ++i) units[i * d + i] = 1;
  flow(phi, z, plain);
  flow.with_products(phi, z, units, found.slope, found.products);
  EXPECT_EQ(found.slope, plain);
  if (!model.divergence) return found;
  found.divergence = flow.with_divergence(phi, z, with_divergence);
  EXPECT_EQ(with_divergence, plain);
  return found;
}

/// The slope moved along one axis, by central differences of the slope itself.
double difference(HostModel const& model, Sde const& sde, double phi, Vector const& z,
                  std::size_t axis, std::size_t component) {
  constexpr double h = 1e-5;
  Vector above = z, below = z;
  above[axis] += h;
  below[axis] -= h;
  return (slopes(model, sde, phi, above).slope[component] -
          slopes(model, sde, phi, below).slope[component]) /
         (2 * h);
}

TEST(HostModel, OfATargetKnowsTheDerivativesOfItsFlow) {
  Target const target = testing::correlated_mixture(3, 4);
  Vector const z{0.4, -0.8, 0.3};
  for (HostModel const& model :
       {host_model(target), host_model(spoiled(target, score_errors::field{.size = 0.3})),
        host_model(spoiled(target, score_errors::low_rank{.size = 0.3}))})
    for (auto const& entry : testing::continuous_sdes()) {
      Sde const sde = entry.make({});
      for (double const phi : {0.2, 0.7, 1.2, 1.5}) {
        Slopes const found = slopes(model, sde, phi, z);
        double trace = 0;
        for (std::size_t axis = 0; axis < 3; ++axis)
          for (std::size_t c = 0; c < 3; ++c) {
            EXPECT_NEAR(found.products[axis * 3 + c], difference(model, sde, phi, z, axis, c), 1e-7)
                << entry.name << ' ' << phi;
            if (axis == c) trace += found.products[axis * 3 + c];
          }
        EXPECT_NEAR(found.divergence, trace, 1e-12) << entry.name << ' ' << phi;
      }
    }
}

TEST(HostModel, DoesNotGrowWhereNoSignalIsLeft) {
  Target const target = testing::correlated_mixture(2, 3);
  HostModel const model = host_model(target);
  NoiseLevel const noise = make_sde("rectified-flow").at(1);
  ASSERT_EQ(noise.alpha(), 0);
  Vector const x{0.4, -0.8}, e{1, 0.5};
  Vector out(2), product(2);
  EXPECT_EQ(model.divergence(x, noise, out), 0);
  model.products(x, noise, e, out, product);
  EXPECT_EQ(product, (Vector{0, 0}));
  Vector const mean = target.mean();
  for (std::size_t i = 0; i < 2; ++i) EXPECT_NEAR(out[i], -mean[i], 1e-14);
}

/// The exact noise, from a batch.
template <class T>
struct exact_noise {
  static constexpr auto prediction = Prediction::noise;
  Target target;
  int* at_work;
  int* most_at_work;
  void operator()(Batch<T const> x, NoiseLevel const& level, Batch<T> out) {
    *most_at_work = std::max(*most_at_work, ++*at_work);  // not atomic: one thread at a time
    testing::on_host(x, out, [&](auto const& points, auto const& answers) {
      for (std::size_t row = 0; row < points.extent(0); ++row) {
        Vector at(points.extent(1)), score(at.size());
        for (std::size_t i = 0; i < at.size(); ++i) at[i] = points(row, i);
        target.at(level).score(at, score);
        for (std::size_t i = 0; i < at.size(); ++i)
          answers(row, i) = static_cast<T>(-level.sigma() * score[i]);
      }
    });
    --*at_work;
  }
};

TEST(HostModel, OfABatchModelIsAskedByOneThreadAtATime) {
  Target const target = testing::correlated_mixture(2, 3);
  Sde const sde = make_sde("vp");
  NoiseLevel const level = sde.at(0.4);
  auto const largest_error = [&]<class T>(T) {
    int at_work = 0, most = 0;
    HostModel const model =
        host_model(AnyBatchModel<T>(exact_noise<T>{target, &at_work, &most}, 2));
    EXPECT_EQ(model.prediction, Prediction::noise);
    EXPECT_EQ(model.dimension, 2);
    EXPECT_FALSE(model.divergence || model.products);
    Vector errors(200);
    tbb::parallel_for(std::size_t{0}, errors.size(), [&](std::size_t i) {
      Vector const x{std::sin(static_cast<double>(i)), 0.3};
      Vector out(2), score(2);
      model.predict(x, level, out);
      target.at(level).score(x, score);
      for (std::size_t c = 0; c < 2; ++c)
        errors[i] = std::max(errors[i], std::abs(out[c] + level.sigma() * score[c]));
    });
    EXPECT_EQ(most, 1);
    return *std::max_element(errors.begin(), errors.end());
  };
  EXPECT_EQ(largest_error(double{}), 0);
  EXPECT_LT(largest_error(float{}), 1e-6);
}

TEST(HostModel, TakesDifferencesWhoseErrorFallsWithTheSquareOfTheStep) {
  Target const target = testing::correlated_mixture(2, 3);
  Sde const sde = make_sde("ve");
  HostModel const exact = host_model(target);
  Vector const z{0.4, -0.8};
  double const phi = 0.6;
  auto const error = [&](double step) {
    Slopes const right = slopes(exact, sde, phi, z),
                 found = slopes(with_differences(exact, step), sde, phi, z);
    double largest = 0;
    for (std::size_t i = 0; i < 4; ++i)
      largest = std::max(largest, std::abs(found.products[i] - right.products[i]));
    return largest;
  };
  EXPECT_NEAR(error(2e-3) / error(1e-3), 4, 0.1);
  EXPECT_LT(error(1e-5), 1e-8);
  for (double const bad : {0.0, -1e-3, 2.0, std::numeric_limits<double>::quiet_NaN()})
    EXPECT_TRUE(contains(argument_error([&] { (void)with_differences(exact, bad); }),
                         "the step of differences cannot be"));
}

}  // namespace
}  // namespace retrace
