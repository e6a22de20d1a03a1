// SPDX-License-Identifier: Apache-2.0
#include "example_mixtures.hpp"

#include <retrace/core/error.hpp>
#include <retrace/targets/gaussian.hpp>
#include <retrace/targets/pinwheel.hpp>
#include <retrace/targets/registry.hpp>
#include <retrace/targets/swiss_roll.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <string>
#include <vector>

namespace retrace {
namespace {

std::string message_of(std::string const& text) {
  try {
    (void)make_target(text);
  } catch (Error const& e) {
    EXPECT_EQ(e.fault(), Fault::argument) << text;
    return e.what();
  }
  return "accepted";
}

TEST(Targets, HaveTheNamesThatUsersKnow) {
  std::set<std::string> names;
  for (TargetEntry const& entry : targets()) {
    EXPECT_TRUE(names.insert(entry.name).second) << entry.name;
    EXPECT_FALSE(entry.summary.empty()) << entry.name;
    EXPECT_FALSE(entry.paper.empty()) << entry.name;
  }
  for (char const* wanted :
       {"swiss-roll", "eight-gaussians", "moons", "rings", "pinwheel", "funnel", "spirals",
        "25-gaussians", "gaussian", "mixture-10", "mixture-50", "checkerboard"})
    EXPECT_TRUE(names.contains(wanted)) << wanted;
}

TEST(Targets, HaveTheDimensionTheyAreListedWith) {
  for (TargetEntry const& entry : targets())
    EXPECT_EQ(make_target(entry.name).dimension(), entry.dimension) << entry.name;
  EXPECT_EQ(make_target("mixture-10").dimension(), 10);
  EXPECT_EQ(make_target("mixture-50").dimension(), 50);
  EXPECT_EQ(make_target("mixture-10").mixture()->shape(), CovarianceShape::full);
  EXPECT_EQ(make_target("mixture-50").mixture()->shape(), CovarianceShape::isotropic);
}

TEST(Targets, SpreadByHalfToThreeInEveryCoordinateRoundTheOrigin) {
  for (TargetEntry const& entry : targets()) {
    Target const target = make_target(entry.name);
    std::vector<double> const mean = target.mean(), covariance = target.covariance();
    for (std::size_t i = 0; i < mean.size(); ++i) {
      double const deviation = std::sqrt(covariance[i * mean.size() + i]);
      EXPECT_GE(deviation, 0.5) << entry.name << i;
      EXPECT_LE(deviation, 3) << entry.name << i;
      EXPECT_LE(std::abs(mean[i]), 1) << entry.name << i;
    }
  }
}

/// Distance from component i to the nearest other one, in standard deviations of the wider of the
/// two along it.
double distance_to_neighbour(Mixture const& m, std::size_t i) {
  double nearest = 1e300;
  auto const square = [&](std::size_t k, double x, double y) {  // u' C_k^-1 u
    std::vector<double> const c = m.component_covariance(static_cast<int>(k));
    return (c[3] * x * x - 2 * c[1] * x * y + c[0] * y * y) / (c[0] * c[3] - c[1] * c[2]);
  };
  for (std::size_t j = 0; j < m.weights().size(); ++j) {
    if (j == i) continue;
    double const x = m.means()[2 * j] - m.means()[2 * i];
    double const y = m.means()[2 * j + 1] - m.means()[2 * i + 1];
    nearest = std::fmin(nearest, std::fmin(square(i, x, y), square(j, x, y)));
  }
  return std::sqrt(nearest);
}

TEST(Targets, CurvesShowNoRipple) {
  for (char const* name : {"swiss-roll", "moons", "rings", "pinwheel", "funnel", "spirals"}) {
    Mixture const target = *make_target(name).mixture();
    EXPECT_EQ(target.components() % 8, 0) << name;
    for (std::size_t i = 0; i < target.weights().size(); ++i)
      EXPECT_LE(distance_to_neighbour(target, i), 1.5) << name << i;
  }
  EXPECT_GT(distance_to_neighbour(*make_target("eight-gaussians").mixture(), 0),
            8);  // modes on purpose
  EXPECT_GT(distance_to_neighbour(*make_target("25-gaussians").mixture(), 0), 8);
}

TEST(Targets, SwissRollFollowsTheCurveOfScikitLearn) {
  MixtureAtLevel const p = swiss_roll{}().at(NoiseLevel::clean(0));
  // on the line p = (1 / length of t) |dt / ds| N(0; 0, noise^2) as long as the line is straight on
  // the noise's scale
  for (double const u : {0.2, 0.5, 0.8}) {
    double const t = 1.5 * std::numbers::pi * (1 + 2 * u);
    std::vector<double> const x{0.1 * t * std::cos(t), 0.1 * t * std::sin(t)};
    double const speed = 0.1 * std::sqrt(1 + t * t);
    double const line =
        1 / (3 * std::numbers::pi * speed) / (0.1 * std::sqrt(2 * std::numbers::pi));
    EXPECT_NEAR(std::exp(p.log_density(x)), line, 0.03 * line);
  }
}

TEST(Targets, PinwheelHasTheMomentsOfTheMapItStandsFor) {
  // E |x|^2 = 4 (E r^2 + E q^2), whatever the rotation
  std::vector<double> const c = pinwheel{}().covariance(), m = pinwheel{}().mean();
  double const exact = 4 * (1 + 0.3 * 0.3 + 0.1 * 0.1);
  EXPECT_NEAR(c[0] + c[3] + m[0] * m[0] + m[1] * m[1], exact, 0.02 * exact);
  EXPECT_NEAR(m[0], 0, 1e-14);
  EXPECT_NEAR(c[0], c[3], 1e-14);
}

TEST(Targets, TakeOptions) {
  EXPECT_EQ(make_target("gaussian:dimension=7").dimension(), 7);
  EXPECT_EQ(make_target("gaussian:dimension=4096").dimension(), 4096);
  EXPECT_EQ(make_target("gaussian:dimension=1").dimension(), 1);
  EXPECT_EQ(gaussian{.dimension = 3}().dimension(), 3);
  EXPECT_EQ(make_target("gaussian").mean(), (std::vector<double>{1, 1}));
  EXPECT_NE(message_of("gaussian:dimension=0").find("[1, 4096]"), std::string::npos);
  EXPECT_NE(message_of("gaussian:dimension=4097").find("dimension"), std::string::npos);
  EXPECT_NE(message_of("gaussian:dimensions=3").find("did you mean 'dimension'?"),
            std::string::npos);
  EXPECT_NE(message_of("moons:noise=3").find("noise"), std::string::npos);
}

TEST(Targets, SuggestTheNearestNameForAnUnknownOne) {
  std::string const message = message_of("swis-roll");
  EXPECT_NE(message.find("'swis-roll'"), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean 'swiss-roll'?"), std::string::npos) << message;
}

TEST(Targets, TakeNamesThatEndInJsonForFiles) {
  try {
    (void)make_target("no/such/folder/mixture.json");
    ADD_FAILURE();
  } catch (Error const& e) {
    EXPECT_EQ(e.fault(), Fault::file);
    EXPECT_NE(std::string(e.what()).find("mixture.json"), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace retrace
