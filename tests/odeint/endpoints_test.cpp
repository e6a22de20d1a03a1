// SPDX-License-Identifier: Apache-2.0
#include <retrace/odeint/sample.hpp>
#include <retrace/sde/registry.hpp>

#ifdef __CUDACC__
#pragma nv_diag_suppress 20012  // Boost.Fusion marks defaulted functions for devices
#endif
#include <boost/numeric/odeint/stepper/runge_kutta_fehlberg78.hpp>
#include <gtest/gtest.h>
#include <support/continuous.hpp>
#include <targets/example_mixtures.hpp>

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace retrace {
namespace {

using Points = std::vector<std::vector<double>>;

constexpr std::int64_t count = 20;

AdaptiveSamples<double> solve(Mixture const& target, Sde const& sde, OdeStepper const& stepper,
                              double tolerance) {
  return odeint_sample(target, sde, stepper, {},
                       {.samples = count, .seed = 7, .tolerance = {tolerance, tolerance}});
}

/// What solve() starts from.
HostArray<double> starts(Mixture const& target, Sde const& sde) {
  Kokkos::View<double**, Kokkos::LayoutRight, Execution::memory_space> const x(
      "starts", static_cast<std::size_t>(count), static_cast<std::size_t>(target.dimension()));
  gaussian_start<double>(sde.prior_sigma(), 7)(0, x);
  return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, x);
}

double largest_error(AdaptiveSamples<double> const& run, Points const& exact) {
  EXPECT_EQ(run.count(Outcome::done), count);
  double error = 0;
  for (std::size_t i = 0; i < exact.size(); ++i)
    for (std::size_t c = 0; c < exact[i].size(); ++c)
      error = std::max(error, std::abs(run.x(i, c) - exact[i][c]));
  return error;
}

/// x_s = alpha_s m + S_s^(1/2) S_t^(-1/2) (x_t - alpha_t m), S = alpha^2 C + sigma^2 I.
Points gaussian_flow(MixtureNumbers const& data, HostArray<double> const& x, NoiseLevel const& t,
                     NoiseLevel const& s) {
  auto const d = static_cast<Eigen::Index>(data.means.size());
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> const basis(
      Eigen::Map<Eigen::MatrixXd const>(data.covariances.data(), d, d));
  Eigen::Map<Eigen::VectorXd const> const mean(data.means.data(), d);
  auto const spread = [&](NoiseLevel const& level) {
    return (level.alpha() * level.alpha() * basis.eigenvalues().array() +
            level.sigma() * level.sigma())
        .sqrt()
        .matrix()
        .eval();
  };
  Points result;
  for (std::size_t i = 0; i < x.extent(0); ++i) {
    Eigen::VectorXd away = Eigen::Map<Eigen::VectorXd const>(&x(i, 0), d) - t.alpha() * mean;
    away = basis.eigenvectors().transpose() * away;
    away = away.cwiseProduct(spread(s)).cwiseQuotient(spread(t));
    away = s.alpha() * mean + basis.eigenvectors() * away;
    result.emplace_back(away.data(), away.data() + d);
  }
  return result;
}

/// The flow of a mixture in other variables, y = x / alpha against log rho, with steps that do not
/// adapt, in long double, with a score straight from its formula.
Points reference_flow(MixtureNumbers const& data, HostArray<double> const& x, NoiseLevel const& t,
                      NoiseLevel const& s, int steps) {
  using State = std::vector<long double>;
  auto const mixture = data.reference<long double>();
  auto const right_hand_side = [&](State const& y, State& slope, long double log_rho) {
    long double const rho = std::exp(log_rho);
    slope = mixture.at(1, rho, y).score;
    for (long double& each : slope) each *= -rho * rho;
  };
  long double const from = -static_cast<long double>(t.lambda());
  long double const step = (-static_cast<long double>(s.lambda()) - from) / steps;
  Points result;
  for (std::size_t i = 0; i < x.extent(0); ++i) {
    State y(x.extent(1));
    for (std::size_t c = 0; c < y.size(); ++c) y[c] = x(i, c) / static_cast<long double>(t.alpha());
    boost::numeric::odeint::runge_kutta_fehlberg78<State, long double, State, long double> stepper;
    for (int k = 0; k < steps; ++k) stepper.do_step(right_hand_side, y, from + k * step, step);
    result.emplace_back();
    for (long double const each : y) result.back().push_back(static_cast<double>(s.alpha() * each));
  }
  return result;
}

double end_point_bound(OdeStepper const& stepper) { return stepper.order == 5 ? 2e-9 : 2e-8; }

TEST(EndPoints, OfAGaussianAreThoseOfItsExactFlow) {  // N4
  MixtureNumbers const data = gaussian_5d();
  Mixture const target = data.mixture();
  for (char const* name : {"vp", "sub-vp", "ve", "edm", "cosine", "rectified-flow"}) {
    Sde const sde = make_sde(name);
    NoiseLevel const t = sde.at(sde.t_max());
    NoiseLevel const s = sde.at(sde.default_end(Solver::deterministic));
    Points const exact = gaussian_flow(data, starts(target, sde), t, s);
    for (OdeStepper const& stepper : odeint_steppers())
      EXPECT_LT(largest_error(solve(target, sde, stepper, 1e-10), exact), end_point_bound(stepper))
          << name << ' ' << stepper.name;
  }
}

TEST(EndPoints, OfAMixtureAreThoseOfAReferenceInOtherVariables) {  // N4, N5
  MixtureNumbers const data = correlated_2d();
  Mixture const target = data.mixture();
  for (char const* name : {"vp", "sub-vp", "ve"}) {
    Sde const sde = make_sde(name);
    NoiseLevel const t = sde.at(1), s = sde.at(1e-5);
    HostArray<double> const x = starts(target, sde);
    Points const exact = reference_flow(data, x, t, s, 600);
    Points const coarse = reference_flow(data, x, t, s, 400);
    for (std::size_t i = 0; i < exact.size(); ++i)
      for (std::size_t c = 0; c < 2; ++c) ASSERT_NEAR(exact[i][c], coarse[i][c], 1e-13);

    for (OdeStepper const& stepper : odeint_steppers()) {
      double before = 1;
      for (double const tolerance : {1e-6, 1e-8, 1e-10, 1e-12}) {
        double const error = largest_error(solve(target, sde, stepper, tolerance), exact);
        std::string const where =
            std::string(name) + ' ' + stepper.name + ' ' + std::to_string(std::log10(tolerance));
        EXPECT_LT(error, 200 * tolerance) << where;
        EXPECT_LT(error, before / 10) << where;
        if (tolerance == 1e-10) {
          EXPECT_LT(error, end_point_bound(stepper)) << where;
        }
        before = error;
      }
    }
  }
}

TEST(EndPoints, AreWhereTheWayBackBegan) {  // N22
  Mixture const target = correlated_2d().mixture();
  for (Entry<Sde> const& entry : testing::continuous_sdes()) {
    Sde const sde = entry.make({});
    double const data = sde.default_end(Solver::deterministic), noise = sde.t_max();
    if (!sde.at(0.5 * (data + noise)).has_drift()) continue;
    for (OdeStepper const& stepper : odeint_steppers()) {
      OdeintOptions const options{.samples = count, .seed = 3, .tolerance = {1e-10, 1e-10}};
      auto const begin = exact_start<double>(target, sde.at(data), 3);
      auto const there =
          odeint_sample(host_model(target), sde, stepper, {data, noise}, begin, options);
      auto const back = odeint_sample(host_model(target), sde, stepper, {noise, data},
                                      given_start<double>(there.x, 0), options);
      Kokkos::View<double**, Kokkos::LayoutRight, Execution::memory_space> const x(
          "x", static_cast<std::size_t>(count), 2);
      begin(0, x);
      double error = 0, moved = 0;
      for (std::size_t i = 0; i < x.extent(0); ++i)
        for (std::size_t c = 0; c < 2; ++c) {
          error = std::max(error, std::abs(back.x(i, c) - x(i, c)));
          moved = std::max(moved, std::abs(there.x(i, c) - x(i, c)));
        }
      EXPECT_EQ(there.count(Outcome::done), count) << entry.name << ' ' << stepper.name;
      EXPECT_LT(error, 1e-7) << entry.name << ' ' << stepper.name;
      EXPECT_GT(moved, 0.5) << entry.name << ' ' << stepper.name;
    }
  }
}

}  // namespace
}  // namespace retrace
