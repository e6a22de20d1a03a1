// SPDX-License-Identifier: Apache-2.0
#include "gaussian_data.hpp"

#include <retrace/likelihood/error_budget.hpp>
#include <retrace/likelihood/half_width.hpp>
#include <retrace/likelihood/hutch_pp.hpp>
#include <retrace/likelihood/hutchinson.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>

#include <Eigen/QR>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace retrace {
namespace {

using testing::draws;
using testing::integrated_jacobian;
using testing::random_numbers;

constexpr int d = 10, n = 4000;
constexpr double confidence = 0.95;
// z = 4.9 below: level 1e-6.
double const slack = 4.9 * std::sqrt(confidence * (1 - confidence) / n);

/// A normal law with variances from 0.01 to 4 along directions of its own.
MixtureNumbers gaussian_10d() {
  std::vector<double> numbers = random_numbers(d * d, 4);
  Eigen::MatrixXd const basis =
      Eigen::HouseholderQR<Eigen::MatrixXd>(Eigen::Map<Eigen::MatrixXd>(numbers.data(), d, d))
          .householderQ();
  Eigen::VectorXd variances(d);
  for (Eigen::Index i = 0; i < d; ++i)
    variances[i] = 0.01 * std::pow(400.0, static_cast<double>(i) / (d - 1));
  Eigen::MatrixXd const covariance = basis * variances.asDiagonal() * basis.transpose();
  return {"gaussian_10d",
          {1},
          std::vector<double>(d),
          std::vector<double>(covariance.data(), covariance.data() + covariance.size())};
}

struct Problem {
  Sde sde = make_sde("vp");
  MixtureNumbers data = gaussian_10d();
  HostModel model = host_model(Target(data.mixture()));
  std::vector<double> points = draws(Target(data.mixture()), sde, n);
  double exact = integrated_jacobian(data, sde).trace();
  EncodeOptions options{.tolerance = {1e-3, 1e-3}, .volume_error = VolumeError::free};
};

using Quantile = std::function<double(std::int64_t count)>;

/// Share of the points whose interval, mean +- quantile x standard error, holds the truth.
double covered(Problem const& problem, EncodedInRounds const& found, Quantile const& quantile) {
  int inside = 0;
  for (Spread const& change : found.change)
    inside +=
        std::abs(change.mean - problem.exact) <= quantile(change.count) * change.standard_error()
            ? 1
            : 0;
  return static_cast<double>(inside) / n;
}

double covered(Problem const& problem, DivergenceEstimator const& divergence, double nats) {
  return covered(
      problem,
      encode_to_half_width(problem.model, problem.sde, odeint_stepper("dopri5"), {}, problem.points,
                           divergence, problem.options, {.nats = nats}),
      [](std::int64_t count) { return probe_quantile(confidence_of_a_look(confidence), count); });
}

/// The same where the interval of a fixed number of probes decides, or where nothing does.
double covered_by(Problem const& problem, int first, Quantile const& quantile, double nats) {
  return covered(
      problem,
      encode_in_rounds(
          problem.model, problem.sde, odeint_stepper("dopri5"), {}, problem.points,
          divergences::hutchinson{Probes::drawn(first, ProbeLaw::gaussian, 7)}, problem.options,
          [&](RoundsSoFar const& so_far) {
            return quantile(so_far.change.count) * so_far.change.standard_error() > nats;
          }),
      quantile);
}

double students(std::int64_t count) { return student_quantile(confidence, count - 1); }
double ours(std::int64_t count) { return probe_quantile(confidence, count); }

// Half-widths that are reached by 32 to 300 probes.
TEST(HalfWidth, HoldsWithItsConfidenceWhereverItStops) {
  Problem const problem;
  divergences::hutchinson const estimator{Probes::drawn(32, ProbeLaw::gaussian, 7)};
  for (double const nats : {4.0, 2.0, 1.2})
    EXPECT_GE(covered(problem, estimator, nats), confidence - slack) << nats;
}

TEST(HalfWidth, HoldsWithItsConfidenceWithHutchPPToo) {
  divergences::hutch_pp const estimator{.probes = Probes::drawn(32, ProbeLaw::gaussian, 7),
                                        .sketch = 2};
  EXPECT_GE(covered(Problem(), estimator, 1), confidence - slack);
}

// The control: stopped by an interval of a fixed number of probes, from 8 on.
TEST(HalfWidth, WouldNotHoldByTheIntervalOfAFixedNumber) {
  Problem const problem;
  EXPECT_LT(covered_by(problem, 8, students, 2), confidence - slack);
}

TEST(ErrorBudget, HasAnIntervalOfEightProbesThatHoldsAndStudentsDoesNot) {
  Problem const problem;
  EXPECT_GE(covered_by(problem, 8, ours, HUGE_VAL), confidence - slack);
  EXPECT_LT(covered_by(problem, 8, students, HUGE_VAL), confidence - slack);
}

}  // namespace
}  // namespace retrace
