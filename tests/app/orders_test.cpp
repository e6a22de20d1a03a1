// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <set>
#include <string>

namespace retrace::test {
namespace {

using Json = nlohmann::json;

Json orders(std::string const& options) {
  TemporaryFolder const folder;
  Outcome const outcome = run(folder.path(), "orders --json " + options);
  EXPECT_EQ(outcome.status, 0) << options << "\n" << outcome.err;
  return outcome.status == 0 ? outcome.json() : Json{{"orders", Json::array()}};
}

TEST(OrdersCommand, PutsMeasuredOrdersBesideClaims) {
  Json const list = orders("--sampler dpmpp-2m")["orders"];
  ASSERT_EQ(list.size(), 12U);  // three SDEs, four grids
  std::set<std::string> sdes, grids;
  for (Json const& item : list) {
    EXPECT_EQ(item["sampler"], "dpmpp-2m");
    EXPECT_EQ(item["kind"], "ode");
    EXPECT_EQ(item["claimed"], 2);
    EXPECT_NEAR(item["measured"].get<double>(), 2, 0.1);
    EXPECT_EQ(item["holds"], true);
    sdes.insert(item["sde"]);
    grids.insert(item["grid"]);
  }
  EXPECT_EQ(sdes, (std::set<std::string>{"vp", "ve", "sub-vp"}));
  EXPECT_EQ(grids, (std::set<std::string>{"log-snr", "quadratic", "karras", "alternating"}));
}

TEST(OrdersCommand, MeasuresWeakAndStrongOrdersOfStochasticSamplers) {
  Json const list = orders("--sampler sra1 --sde edm")["orders"];
  ASSERT_EQ(list.size(), 8U);
  std::set<std::string> kinds;
  for (Json const& item : list) {
    kinds.insert(item["kind"]);
    EXPECT_EQ(item["claimed"], item["kind"] == "weak" ? 2 : 1.5);
    EXPECT_EQ(item["holds"], true);
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"weak", "strong"}));
}

TEST(OrdersCommand, HasNoRowForWhatClaimsNothing) {
  EXPECT_TRUE(orders("--sampler langevin")["orders"].empty());
  for (Json const& item : orders("--sampler ipndm-4 --sde vp")["orders"])
    EXPECT_NE(item["grid"], "alternating");  // supposes equal steps
}

TEST(OrdersCommand, ShowsThatALowStartLosesTheOrder) {  // as in well-known codes
  Json const list = orders("--sampler dpmpp-3m:start=low --sde vp")["orders"];
  ASSERT_FALSE(list.empty());
  for (Json const& item : list) {
    EXPECT_EQ(item["holds"], false) << item;
    EXPECT_NEAR(item["measured"].get<double>(), 2, 0.3) << item;
  }
}

TEST(OrdersCommand, MeasuresTheOrdersOfLikelihoods) {
  Json const list = orders("--likelihood --sampler dpm-solver-3")["orders"];
  ASSERT_EQ(list.size(), 12U);  // three SDEs, four grids
  for (Json const& item : list) {
    EXPECT_EQ(item["kind"], "likelihood");
    EXPECT_EQ(item["claimed"], 3);
    EXPECT_NEAR(item["measured"].get<double>(), 3, 0.1);
    EXPECT_EQ(item["holds"], true);
  }
  for (Json const& item : orders("--likelihood --sampler lms-4:start=low --sde ve")["orders"])
    EXPECT_EQ(item["holds"], false) << item;
  TemporaryFolder const folder;
  expect_refusal(folder, "orders --likelihood --sampler sra1", 2, {"'sra1'", "stochastic"});
  expect_refusal(folder, "orders --likelihood --split", 2, {"--likelihood", "--split"});
  expect_refusal(folder, "orders --likelihood --sde ddpm", 2, {"'ddpm'", "discrete"});
}

TEST(OrdersCommand, DividesTheErrorIntoItsSources) {
  Json const list = orders("--split --sampler ddim --sde vp --steps 20,40")["split"];
  ASSERT_EQ(list.size(), 2U);
  for (char const* key : {"initialisation", "discretisation", "truncation", "total"})
    EXPECT_GT(list[0][key].get<double>(), 0) << key;
  EXPECT_EQ(list[0]["truncation"], list[1]["truncation"]);
  EXPECT_NEAR(list[0]["discretisation"].get<double>() / list[1]["discretisation"].get<double>(), 2,
              0.5);
}

TEST(OrdersCommand, RefusesWhatHasNoOrder) {
  TemporaryFolder const folder;
  expect_refusal(folder, "orders --sde ddpm", 2, {"'ddpm'", "discrete"});
  expect_refusal(folder, "orders --sde vpp", 2, {"'vpp'", "did you mean 'vp'?"});
  expect_refusal(folder, "orders --sampler heum", 2, {"'heum'", "did you mean 'heun'?"});
  expect_refusal(folder, "orders --steps 5", 2, {"--steps", "--split"});
}

}  // namespace
}  // namespace retrace::test
