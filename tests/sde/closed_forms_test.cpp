// SPDX-License-Identifier: Apache-2.0
#include "reference.hpp"

#include <retrace/core/error.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace retrace {
namespace {

using test::absolute_error;
using test::Real;
using test::Reference;
using test::relative_error;

std::vector<double> times(Sde const& sde) {
  std::vector<double> out;
  for (double part : {1e-7, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 0.25, 0.4, 0.499, 0.51, 0.6, 0.75, 0.9,
                      0.99, 0.999, 1.0})
    out.push_back(part * sde.t_max());
  return out;
}

std::vector<std::string> specs() {
  std::vector<std::string> out;
  for (auto const& entry : testing::continuous_sdes()) out.push_back(entry.name);
  return out;
}

struct Errors {
  double alpha = 0, sigma = 0, f = 0, g2 = 0, rates = 0, lambda = 0;
};

/// The largest over times(sde), at which the level and the reference get the same double t.
Errors errors(Sde const& sde, Reference const& exact) {
  Errors worst;
  auto const raise = [](double& most, double error) {
    // Not std::max, which drops NaN.
    if (!(error <= most)) most = error;
  };
  for (double t : times(sde)) {
    NoiseLevel const level = sde.at(t);
    Real const u = t;
    raise(worst.alpha, relative_error(level.alpha(), exact.alpha(u)));
    raise(worst.sigma, relative_error(level.sigma(), exact.sigma(u)));
    if (level.alpha() == 0) continue;
    raise(worst.lambda, absolute_error(level.lambda(), exact.lambda(u)));
    raise(worst.f, relative_error(level.f(), exact.f(u)));
    raise(worst.g2, relative_error(level.g2(), exact.g2(u)));
    raise(worst.rates, relative_error(level.alpha_rate(), Real(exact.f(u) * exact.alpha(u))));
    raise(worst.rates,
          relative_error(level.sigma_rate(), Real(exact.variance_rate(u) / (2 * exact.sigma(u)))));
  }
  return worst;
}

TEST(ClosedForms, HoldToRoundingAtEveryTime) {
  for (std::string const& spec : specs()) {
    Sde const sde = make_sde(spec);
    auto const exact = test::reference_of(sde);
    if (!exact) continue;
    Errors const worst = errors(sde, *exact);
    EXPECT_LE(worst.alpha, 1e-14) << spec;
    EXPECT_LE(worst.sigma, 1e-14) << spec;
    EXPECT_LE(worst.f, 1e-14) << spec;
    EXPECT_LE(worst.g2, 1e-14) << spec;
    EXPECT_LE(worst.rates, 1e-14) << spec;
    EXPECT_LE(worst.lambda, 1e-13) << spec;
  }
}

TEST(ClosedForms, KnowTheSixProcesses) {
  for (char const* name : {"vp", "ve", "sub-vp", "edm", "cosine", "rectified-flow"})
    EXPECT_TRUE(test::reference_of(make_sde(name))) << name;
}

/// g^2 of sub-VP without its factor (1 + alpha^2): what the check above must see.
struct broken_sub_vp {
  static constexpr SdeInfo info{.name = "sub-vp", .summary = "", .paper = ""};
  double beta_min = 0.1, beta_max = 20;
  static std::vector<Option<broken_sub_vp>> options() {
    return {real_option("beta_min", &broken_sub_vp::beta_min, Range::positive(), ""),
            real_option("beta_max", &broken_sub_vp::beta_max, Range::positive(), "")};
  }
  [[nodiscard]] LevelValues at(double t) const {
    NoiseLevel const right = make_sde("sub-vp").at(t);
    double const g2 = right.g2() / (1 + right.alpha() * right.alpha());
    return {.t = t,
            .log_alpha = right.log_alpha(),
            .log_sigma = right.log_sigma(),
            .alpha_rate = right.alpha_rate(),
            .sigma_rate = right.sigma_rate(),
            .variance_rate = g2 + 2 * right.f() * right.sigma() * right.sigma()};
  }
  [[nodiscard]] double t_of_lambda(double lambda) const {
    return make_sde("sub-vp").at_lambda(lambda).t();
  }
  [[nodiscard]] double t_max() const { return 1; }
  [[nodiscard]] double prior_sigma() const { return 1; }
};

TEST(ClosedForms, FindABrokenDiffusion) {
  Sde const broken = broken_sub_vp{};
  Errors const worst = errors(broken, *test::reference_of(broken));
  EXPECT_GT(worst.g2, 1e-2);
  EXPECT_LE(worst.alpha, 1e-14);
  EXPECT_LE(worst.f, 1e-14);
}

TEST(ClosedForms, GiveLimitsWhereTheFormulasHaveNone) {
  NoiseLevel const vp = make_sde("vp").at(0);
  EXPECT_EQ(vp.alpha(), 1);
  EXPECT_EQ(vp.sigma(), 0);
  EXPECT_DOUBLE_EQ(vp.f(), -0.05);
  EXPECT_DOUBLE_EQ(vp.g2(), 0.1);
  EXPECT_FALSE(vp.has_lambda());

  NoiseLevel const sub_vp = make_sde("sub-vp").at(0);
  EXPECT_EQ(sub_vp.sigma(), 0);
  EXPECT_DOUBLE_EQ(sub_vp.f(), -0.05);
  EXPECT_EQ(sub_vp.g2(), 0);

  NoiseLevel const cosine = make_sde("cosine").at(0);
  double const w = std::acos(-1.0) / 2 / 1.008;
  EXPECT_EQ(cosine.alpha(), 1);
  EXPECT_EQ(cosine.sigma(), 0);
  EXPECT_NEAR(cosine.f(), -w * std::tan(w * 0.008), 1e-16);
  EXPECT_NEAR(cosine.g2(), 2 * w * std::tan(w * 0.008), 1e-16);

  NoiseLevel const edm = make_sde("edm").at(0);
  EXPECT_EQ(edm.sigma(), 0);
  EXPECT_EQ(edm.f(), 0);
  EXPECT_EQ(edm.g2(), 0);
  EXPECT_EQ(edm.sigma_rate(), 1);

  NoiseLevel const ve = make_sde("ve").at(0);
  EXPECT_NEAR(ve.sigma(), 0.01, 1e-16);
  EXPECT_FALSE(ve.is_clean());
}

TEST(ClosedForms, LeaveTheDriftOfRectifiedFlowFiniteWhereFIsNot) {
  NoiseLevel const end = make_sde("rectified-flow").at(1);
  EXPECT_EQ(end.alpha(), 0);
  EXPECT_EQ(end.sigma(), 1);
  EXPECT_EQ(end.alpha_rate(), -1);
  EXPECT_EQ(end.sigma_rate(), 1);
  for (auto ask : {&NoiseLevel::f, &NoiseLevel::g2, &NoiseLevel::lambda, &NoiseLevel::rho}) try {
      (void)(end.*ask)();
      ADD_FAILURE() << "there is none at t = 1";
    } catch (Error const& error) {
      EXPECT_EQ(error.fault(), Fault::argument);
      EXPECT_NE(std::string(error.what()).find("--from"), std::string::npos) << error.what();
    }
}

/// R75: every quantity finite and right, as far as the logarithms of a double can say it.
TEST(ClosedForms, HoldForExtremeOptions) {
  for (char const* spec :
       {"vp:beta_min=1e-6,beta_max=1e3", "vp:beta_min=1e-6,beta_max=2e-6",
        "vp:beta_min=999,beta_max=1e3", "sub-vp:beta_min=1e-6,beta_max=1e3",
        "sub-vp:beta_min=1e-6,beta_max=2e-6", "sub-vp:beta_min=999,beta_max=1e3",
        "ve:sigma_min=1e-8,sigma_max=1e4", "ve:sigma_min=1e-8,sigma_max=1.000001e-8",
        "edm:sigma_min=1e-8,sigma_max=1e4", "edm:sigma_min=1e-8,sigma_max=2e-8", "cosine:s=1e-8",
        "cosine:s=1"}) {
    Sde const sde = make_sde(spec);
    Reference const exact = *test::reference_of(sde);
    for (double t : times(sde)) {
      NoiseLevel const level = sde.at(t);
      Real const u = t;
      double const tolerance =
          1e-14 * (1 + std::abs(level.log_alpha()) + std::abs(level.log_sigma()));
      EXPECT_LE(relative_error(level.alpha(), exact.alpha(u)), tolerance) << spec << " " << t;
      EXPECT_LE(relative_error(level.sigma(), exact.sigma(u)), tolerance) << spec << " " << t;
      EXPECT_LE(relative_error(level.f(), exact.f(u)), tolerance) << spec << " " << t;
      EXPECT_LE(relative_error(level.g2(), exact.g2(u)), tolerance) << spec << " " << t;
      EXPECT_LE(absolute_error(level.lambda(), exact.lambda(u)), 10 * tolerance)
          << spec << " " << t;
    }
  }
}

}  // namespace
}  // namespace retrace
