// SPDX-License-Identifier: Apache-2.0
#include "encoded_points.hpp"
#include "gaussian_data.hpp"

#include <retrace/likelihood/encode.hpp>
#include <retrace/likelihood/exact_divergence.hpp>
#include <retrace/likelihood/hutch_pp.hpp>
#include <retrace/likelihood/hutchinson.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>
#include <support/mixtures.hpp>
#include <targets/example_mixtures.hpp>

#include <Eigen/Eigenvalues>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::diagonal_3d;
using testing::draws;
using testing::integrated_jacobian;
using testing::random_numbers;

constexpr Tolerance tight{1e-10, 1e-10};

/// The largest error of Hutchinson's estimates with given probes against e'Ae. With a limit on the
/// evaluations: probes that change would take all there are.
double error_of_given_probes(OdeStepper const& stepper, std::string const& name, double fault = 0) {
  MixtureNumbers const data = gaussian_5d();
  Target const target = data.mixture();
  Sde const sde = make_sde(name);
  constexpr int n = 3, probes = 2, d = 5;
  std::vector<double> const e = random_numbers(probes * n * d, 2);
  HostModel model = host_model(target);
  model.products = [fault, exact = model.products](auto x, auto const& level, auto tangents,
                                                   auto out, auto products) {
    exact(x, level, tangents, out, products);
    for (double& p : products) p *= 1 + fault;
  };
  auto const run = encode(model, sde, stepper, {}, draws(target, sde, n),
                          divergences::hutchinson{Probes::given(e, probes, n, d)},
                          {.tolerance = tight,
                           .volume_error = testing::volume_error(stepper),
                           .max_evaluations = 20'000});
  Eigen::MatrixXd const a = integrated_jacobian(data, sde);
  double largest = 0;
  for (std::size_t k = 0; k < probes; ++k)
    for (std::size_t row = 0; row < n; ++row) {
      Eigen::Map<Eigen::VectorXd const> const probe(&e[(k * n + row) * d], d);
      double const expected = probe.dot(a * probe);
      largest = std::max(
          largest, std::abs(run.change(row, k) - expected) / std::max(1.0, std::abs(expected)));
    }
  return largest;
}

TEST(Hutchinson, WithAGivenProbeIsTheIntegralOfItsQuadraticForm) {  // N7
  for (char const* sde : {"vp", "ve", "sub-vp", "edm"})
    for (OdeStepper const& stepper : odeint_steppers())
      EXPECT_LE(error_of_given_probes(stepper, sde), 1e-8) << sde << ' ' << stepper.name;
  EXPECT_GT(error_of_given_probes(odeint_stepper("dopri5"), "vp", 1e-7), 1e-8);
}

/// Planted: the probe is drawn again at every evaluation.
struct redrawn {
  Probes probes;

  struct Estimator final : PointEstimator {
    explicit Estimator(int probes_of_a_point) : count(probes_of_a_point) {}
    void evaluate(ProbabilityFlow& flow, double phi, std::span<double const> z,
                  std::span<double> slope, std::span<double> estimates) override {
      std::size_t const d = z.size();
      std::vector<double> const e =
          random_numbers(d * static_cast<std::size_t>(count), ++evaluation);
      std::vector<double> products(e.size());
      flow.with_products(phi, z, e, slope, products);
      for (std::size_t k = 0; k < estimates.size(); ++k) {
        estimates[k] = 0;
        for (std::size_t i = k * d; i < (k + 1) * d; ++i) estimates[k] += e[i] * products[i];
      }
    }
    void of_identity(std::span<double> estimates) const override {
      std::fill(estimates.begin(), estimates.end(), 5);
    }
    int count;
    unsigned evaluation = 0;
  };

  [[nodiscard]] int estimates() const { return probes.count(); }
  void check(HostModel const&, std::int64_t) const {}
  [[nodiscard]] std::unique_ptr<PointEstimator> at_point(HostModel const&, PointNumber) const {
    return std::make_unique<Estimator>(probes.count());
  }
};

TEST(Hutchinson, OfAProbeThatIsRedrawnAtEveryStageIsSeenToBeWrong) {  // planted fault 10
  // Without a limit on the evaluations: no step is short enough for an integrand of noise.
  MixtureNumbers const data = gaussian_5d();
  Target const target = data.mixture();
  Sde const sde = make_sde("vp");
  auto const x = draws(target, sde, 3);
  auto const run = encode(host_model(target), sde, odeint_stepper("dopri5"), {}, x,
                          redrawn{Probes::drawn(2)}, {.max_evaluations = 3000});
  for (Outcome const outcome : run.outcomes) EXPECT_NE(outcome, Outcome::done);
  // Where the steps do not look at the integral, it is the integral that gives it away.
  auto const free = [&](DivergenceEstimator const& estimator, Tolerance const& tolerance) {
    auto const encoded = encode(host_model(target), sde, odeint_stepper("dopri5"), {}, x, estimator,
                                {.tolerance = tolerance, .volume_error = VolumeError::free});
    for (Outcome const outcome : encoded.outcomes) EXPECT_EQ(outcome, Outcome::done);
    return encoded;
  };
  auto const difference = [&](DivergenceEstimator const& estimator) {
    auto const one = free(estimator, {1e-8, 1e-8}), other = free(estimator, {1e-9, 1e-9});
    double largest = 0;
    for (std::size_t i = 0; i < one.change.size(); ++i)
      largest = std::max(largest, std::abs(one.change.data()[i] - other.change.data()[i]));
    return largest;
  };
  EXPECT_GT(difference(redrawn{Probes::drawn(2)}), 0.01);
  EXPECT_LT(difference(divergences::hutchinson{Probes::drawn(2)}), 1e-4);
}

TEST(Hutchinson, OfRademacherProbesIsExactOnADiagonalGaussian) {  // N9
  Target const target = diagonal_3d().mixture();
  for (char const* name : {"vp", "ve", "sub-vp"}) {
    Sde const sde = make_sde(name);
    auto const x = draws(target, sde, 4);
    for (OdeStepper const& stepper : odeint_steppers()) {
      auto const changes = [&](DivergenceEstimator const& estimator) {
        return encode(host_model(target), sde, stepper, {}, x, estimator,
                      {.volume_error = testing::volume_error(stepper)})
            .change;
      };
      auto const exact = changes(divergences::exact{}),
                 estimated = changes(divergences::hutchinson{Probes::drawn(5)}),
                 gaussian = changes(divergences::hutchinson{Probes::drawn(5, ProbeLaw::gaussian)});
      for (std::size_t row = 0; row < 4; ++row)
        for (std::size_t k = 0; k < 5; ++k) {
          EXPECT_NEAR(estimated(row, k), exact(row, 0), 1e-12) << name << ' ' << stepper.name;
          EXPECT_GT(std::abs(gaussian(row, k) - exact(row, 0)), 1e-3);  // the control
        }
    }
  }
}

/// Mean and variance over many probes against the closed forms, as normal scores at level 1e-6. The
/// fourth central moment is that of the estimates themselves.
struct Scores {
  double mean, variance;
};

Scores scores(ProbeLaw law, double factor_of_variance = 1, double shift = 0) {
  MixtureNumbers const data = gaussian_5d();
  Target const target = data.mixture();
  Sde const sde = make_sde("vp");
  constexpr int n = 50, probes = 2000;
  auto const run =
      encode(host_model(target), sde, odeint_stepper("dopri5"), {}, draws(target, sde, n),
             divergences::hutchinson{Probes::drawn(probes, law, 6)}, {.max_evaluations = 1000});
  Eigen::MatrixXd const a = integrated_jacobian(data, sde);
  double const squares = a.squaredNorm(), diagonal = a.diagonal().squaredNorm();
  double const variance =
      factor_of_variance * 2 * (law == ProbeLaw::gaussian ? squares : squares - diagonal);
  double mean = 0, second = 0, fourth = 0;
  constexpr double count = double{n} * probes;
  for (std::size_t i = 0; i < run.change.size(); ++i) {
    double const away = run.change.data()[i] - a.trace() - shift;
    mean += away / count;
    second += away * away / count;
    fourth += away * away * away * away / count;
  }
  return {.mean = mean / std::sqrt(variance / count),
          .variance = (second - variance) / std::sqrt((fourth - second * second) / count)};
}

TEST(Hutchinson, HasTheMeanAndVarianceOfTheClosedForms) {  // N8
  for (ProbeLaw const law : {ProbeLaw::rademacher, ProbeLaw::gaussian}) {
    Scores const found = scores(law);
    EXPECT_LT(std::abs(found.mean), 4.892);
    EXPECT_LT(std::abs(found.variance), 4.892);
    // The controls: a mean that is off by a tenth of a nat, the variance by a tenth.
    EXPECT_GT(std::abs(scores(law, 1, 0.1).mean), 4.892);
    EXPECT_GT(std::abs(scores(law, 1.1).variance), 4.892);
  }
}

}  // namespace
}  // namespace retrace
