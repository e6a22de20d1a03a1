// SPDX-License-Identifier: Apache-2.0

// What the coefficients of multistep and exponential methods are made of, against more digits and
// other quadratures.
#include <retrace/samplers/deis.hpp>
#include <retrace/samplers/exponential.hpp>
#include <retrace/samplers/ipndm.hpp>
#include <retrace/sde/registry.hpp>

#include <boost/math/quadrature/gauss_kronrod.hpp>
#include <boost/multiprecision/cpp_bin_float.hpp>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace retrace {
namespace {

constexpr double eps = std::numeric_limits<double>::epsilon();

TEST(Phi, IsThatOfFiftyDigits) {
  using Digits = boost::multiprecision::cpp_bin_float_50;
  std::vector<double> zs{0};
  for (double z = 1e-9; z < 30; z *= 1.37) zs.insert(zs.end(), {z, -z});
  for (double z : {0.3, 1.0})
    zs.insert(zs.end(), {z, -z, std::nextafter(z, 0), -std::nextafter(z, 0)});
  for (double const z : zs)
    for (int k = 1; k <= 5; ++k) {
      Digits expected = 0, term = 1;  // the series, which more digits save from cancelling
      for (int n = 1; n <= k; ++n) term /= n;
      for (int n = k + 1; n < 250; ++n) {
        expected += term;
        term *= Digits(z) / n;
      }
      EXPECT_NEAR(phi(k, z), double(expected), 200 * eps * double(expected)) << k << ' ' << z;
    }
}

TEST(Phi,
     WouldBeFoundToCancel) {  // the control: the recursion at a small argument, as peers have it
  double const z = 0.01, wrong = ((std::expm1(z) / z - 1) / z - 0.5) / z;
  EXPECT_GT(std::abs(wrong / phi(3, z) - 1), 1000 * eps);
}

TEST(InterpolatoryWeights, AreAdamsAndBashforthsOnEqualSteps) {
  std::vector<double> const nodes{0, -1, -2, -3}, moments{1, 1. / 2, 1. / 3, 1. / 4};
  for (int n = 1; n <= 4; ++n) {
    auto const weights =
        interpolatory_weights(std::span(nodes).first(static_cast<std::size_t>(n)), moments);
    for (std::size_t j = 0; j < weights.size(); ++j)
      EXPECT_NEAR(weights[j], adams_bashforth(n)[j], 10 * eps) << n;
  }
}

TEST(InterpolatoryWeights, IntegratePolynomialsOnAnyNodes) {
  std::vector<double> const nodes{0, -0.4, -1.7, 1, -2.1}, moments{1, 0.7, 0.4, 0.3, 0.1};
  auto const weights = interpolatory_weights(nodes, moments);
  for (int m = 0; m < 5; ++m) {
    double sum = 0;
    for (std::size_t j = 0; j < nodes.size(); ++j) sum += weights[j] * std::pow(nodes[j], m);
    EXPECT_NEAR(sum, moments[static_cast<std::size_t>(m)], 100 * eps) << m;
  }
}

TEST(GaussLegendre, IntegratesPolynomialsOfTwiceItsPoints) {
  for (int n = 1; n <= 24; ++n) {
    Quadrature const rule = gauss_legendre(n);
    for (int m = 0; m < 2 * n; ++m) {
      double sum = 0;
      for (std::size_t q = 0; q < rule.nodes.size(); ++q)
        sum += rule.weights[q] * std::pow(rule.nodes[q], m);
      EXPECT_NEAR(sum * (m + 1), 1, 20 * eps) << n << ' ' << m;
    }
    double sum = 0;  // and no more
    for (std::size_t q = 0; q < rule.nodes.size(); ++q)
      sum += rule.weights[q] * std::pow(2 * rule.nodes[q] - 1, 2 * n);
    if (n < 10) {
      EXPECT_GT(std::abs(sum * (2 * n + 1) - 1), 1e-7) << n;
    }
  }
}

/// The paper's integral, over t.
double deis_integral(Sde const& sde, double s, double t, int m) {
  auto const integrand = [&](double tau) {
    NoiseLevel const u = sde.at(tau);
    return std::pow((tau - s) / (t - s), m) * u.g2() / (2 * u.sigma() * u.alpha());
  };
  return boost::math::quadrature::gauss_kronrod<double, 31>::integrate(integrand, s, t, 12, 1e-14) /
         (sde.at(t).rho() - sde.at(s).rho());
}

TEST(DeisMoments, AreThePapersIntegralsToRounding) {
  struct Step {
    double s, t;
  };
  for (char const* name : {"vp", "sub-vp", "ve", "cosine", "rectified-flow"}) {
    Sde const sde = make_sde(name);
    for (auto const [s, t] : {Step{0.9, 0.8}, Step{0.6, 0.1}, Step{0.1, 1e-3}, Step{0.4, 0.41}}) {
      Grid const grid(sde, {s, t});
      auto const moments = deis_moments(grid, grid.level(0), grid.level(1), 4);
      for (int m = 0; m < 4; ++m)
        EXPECT_NEAR(moments[static_cast<std::size_t>(m)], deis_integral(sde, s, t, m), 2e-12)
            << name << ' ' << s << ' ' << m;
    }
  }
}

TEST(DeisMoments, AreClosedFormsWhereTheKernelIs) {
  Grid const edm(make_sde("edm"), {40.0, 0.5});  // t is rho: those of lms
  auto const in_rho = deis_moments(edm, edm.level(0), edm.level(1), 4);
  Grid const ve(make_sde("ve"), {0.7, 0.1});  // t is linear in lambda: those of exp-ab
  auto const in_lambda = deis_moments(ve, ve.level(0), ve.level(1), 4);
  ExponentialStep const step(Prediction::noise, ve.level(0), ve.level(1));
  auto const exponential = step.moments(4);
  for (std::size_t m = 0; m < 4; ++m) {
    EXPECT_NEAR(in_rho[m], 1 / (1.0 + double(m)), 1e-14);
    EXPECT_NEAR(in_lambda[m], exponential[m] / phi(1, step.z), 1e-14);
  }
}

}  // namespace
}  // namespace retrace
