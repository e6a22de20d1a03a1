// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/sde/ddpm.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <io/support/files.hpp>
#include <support/messages.hpp>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Ddpm, HasALevelAtEveryIndexAndNoDrift) {
  Sde const sde = make_sde("ddpm:schedule=cosine,steps=40");
  EXPECT_TRUE(sde.is_discrete());
  EXPECT_EQ(sde.t_max(), 39);
  EXPECT_EQ(sde.clean_t(), -1);
  EXPECT_EQ(sde.prior_sigma(), 1);
  EXPECT_EQ(sde.default_end(Solver::deterministic), 0);
  double product = 1, last = infinity;
  auto const betas = betas_of(BetaSchedule::cosine, 40);
  for (int i = 0; i < 40; ++i) {
    product *= 1 - betas[static_cast<std::size_t>(i)];
    NoiseLevel const level = sde.at(i);
    EXPECT_EQ(level.t(), i);
    EXPECT_NEAR(level.alpha(), std::sqrt(product), 1e-13);
    EXPECT_NEAR(level.sigma(), std::sqrt(1 - product), 1e-13);
    EXPECT_LT(level.lambda(), last);
    last = level.lambda();
    EXPECT_FALSE(level.has_drift());
    EXPECT_FALSE(argument_error([&] { (void)level.f(); }).empty());
    EXPECT_FALSE(argument_error([&] { (void)level.g2(); }).empty());
  }
}

TEST(Ddpm, HasNothingBetweenItsIndices) {
  Sde const sde = make_sde("ddpm");
  for (double const t : {0.5, 998.999, -1.0, 1000.0, nan, infinity, -infinity, 1e300, 1e-300}) {
    std::string const text = argument_error([&] { (void)sde.at(t); });
    EXPECT_TRUE(contains(text, "ddpm takes") ||
                contains(text, "it takes the integers t in [0, 999]"))
        << text;
    EXPECT_FALSE(sde.has_time(t));
  }
  for (double const lambda : {0.0, sde.at(500).lambda(), nan, -40.0})
    EXPECT_TRUE(contains(argument_error([&] { (void)sde.at_lambda(lambda); }), "discrete"));
  Grid const grid(sde, {900, 500, 100}, Final::zero);
  EXPECT_EQ(grid.between(grid.level(0), grid.level(1), 0).t(), 900);
  EXPECT_EQ(grid.between(grid.level(0), grid.level(1), 1).t(), 500);
  EXPECT_TRUE(contains(
      argument_error([&] { (void)grid.between(grid.level(0), grid.level(1), 0.5); }), "discrete"));
  EXPECT_TRUE(contains(argument_error([&] { (void)Grid(sde, {900, 500.5}); }), "integers"));
}

TEST(Ddpm, EndsAtAlphaZeroWhereAskedTo) {
  Sde const sde = make_sde("ddpm:zero_snr=yes");
  NoiseLevel const end = sde.at(999);
  EXPECT_EQ(end.alpha(), 0);
  EXPECT_TRUE(contains(argument_error([&] { (void)end.lambda(); }), "lambda"));
  EXPECT_GT(sde.at(998).alpha(), 0);
  EXPECT_EQ(sde.at(0).alpha(), make_sde("ddpm").at(0).alpha());
}

TEST(Ddpm, TakesBetasFromAFile) {
  test::TemporaryFolder const folder;
  std::string const path = (folder.path() / "betas.npy").string();
  std::vector<double> const betas{0.1, 0.2, 0.3};
  std::int64_t const shape[] = {3};
  write_npy(path, betas.data(), shape);
  Sde const sde = make_sde("ddpm:file=" + path);
  EXPECT_EQ(sde.t_max(), 2);
  EXPECT_NEAR(sde.at(2).alpha(), std::sqrt(0.9 * 0.8 * 0.7), 1e-15);
  std::map<std::string, OptionValue> options;
  for (auto const& [name, value] : sde.options()) options[name] = value;
  EXPECT_EQ(options["schedule"], OptionValue{std::string("given")});
  EXPECT_EQ(options["steps"], OptionValue{std::int64_t{3}});
  EXPECT_FALSE(
      argument_error([&] { (void)make_sde("ddpm:schedule=cosine,file=" + path); }).empty());
}

TEST(Ddpm, RefusesFilesThatHoldNoBetas) {
  test::TemporaryFolder const folder;
  std::string const path = (folder.path() / "betas.npy").string();
  auto const error = [&] {
    try {
      (void)make_sde("ddpm:file=" + path);
    } catch (Error const& e) {
      EXPECT_EQ(e.fault(), Fault::file) << e.what();
      EXPECT_TRUE(contains(e.what(), "betas.npy")) << e.what();
      return std::string(e.what());
    }
    return std::string();
  };
  EXPECT_FALSE(error().empty());  // no such file
  for (double const bad : {nan, infinity, 0.0, 1.0, -0.5, 2.0}) {
    std::vector<double> const betas{0.1, bad, 0.3};
    std::int64_t const shape[] = {3}, square[] = {3, 1}, empty[] = {0};
    write_npy(path, betas.data(), shape);
    EXPECT_TRUE(contains(error(), "1")) << bad;
    write_npy(path, betas.data(), square);
    EXPECT_TRUE(contains(error(), "[n]"));
    write_npy(path, betas.data(), empty);
    EXPECT_FALSE(error().empty());
  }
}

TEST(Ddpm, TakesAChainOfTheUsers) {
  auto const chain = std::make_shared<Chain const>(
      Chain(betas_of(BetaSchedule::linear, 1000)).respaced({0, 10, 500, 999}));
  Sde const sde = ddpm{.chain = chain};
  EXPECT_EQ(sde.t_max(), 3);
  EXPECT_EQ(sde.at(2).lambda(), make_sde("ddpm").at(500).lambda());
}

/// R16.
TEST(Ddpm, RefusesOptionsOutOfRangeByName) {
  auto const error = [](std::string const& options) {
    return argument_error([&] { (void)make_sde("ddpm:" + options); });
  };
  for (char const* steps : {"0", "-1", "1000001", "9223372036854775807", "1e3", "nan", "", "x"})
    EXPECT_TRUE(contains(error(std::string("steps=") + steps), "steps")) << steps;
  for (char const* steps : {"1", "2", "20"})
    EXPECT_TRUE(contains(error(std::string("steps=") + steps), "21")) << steps;
  EXPECT_EQ(error("schedule=cosin"), "unknown value of schedule 'cosin'; did you mean 'cosine'?");
  EXPECT_TRUE(contains(error("schedule=given"), "did you mean"));
  EXPECT_TRUE(contains(error("zero_snr=maybe"), "zero_snr"));
  EXPECT_TRUE(contains(error("schedule=cosine,steps=1,zero_snr=yes"), "one step"));
  EXPECT_TRUE(contains(argument_error([] { (void)Sde(ddpm{.schedule = BetaSchedule::given}); }),
                       "no betas"));
  EXPECT_EQ(make_sde("ddpm:steps=1000000").t_max(), 999'999);
}

}  // namespace
}  // namespace retrace
