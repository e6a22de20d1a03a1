// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <map>
#include <set>
#include <string>

namespace retrace::test {
namespace {

using Json = nlohmann::json;

Json list() {
  TemporaryFolder const folder;
  Outcome const outcome = run(folder.path(), "list --json");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return outcome.json();
}

std::set<std::string> names_in(Json const& items) {
  std::set<std::string> names;
  for (Json const& item : items) names.insert(item["name"].get<std::string>());
  return names;
}

TEST(List, ShowsNameSummaryPaperAndOptionsOfEverything) {
  Json const lists = list();
  EXPECT_EQ(lists.size(), 4U);
  for (char const* key : {"sdes", "grids", "samplers", "targets"}) {
    EXPECT_GE(lists[key].size(), 5U) << key;
    for (Json const& item : lists[key]) {
      EXPECT_NE(item["name"], "");
      EXPECT_NE(item["summary"], "");
      EXPECT_NE(item["paper"], "");
      for (Json const& option : item["options"]) {
        EXPECT_NE(option["name"], "");
        EXPECT_NE(option["range"], "");
        EXPECT_FALSE(option["default"].is_null());
      }
    }
  }
}

TEST(List, HasTheNamesOfTheContract) {
  Json const lists = list();
  std::map<std::string, std::set<std::string>> const wanted{
      {"sdes", {"vp", "ve", "sub-vp", "edm", "cosine", "rectified-flow", "ddpm"}},
      {"grids",
       {"uniform", "quadratic", "log-snr", "karras", "edm", "leading", "trailing", "linspace",
        "respaced"}},
      {"samplers",
       {"euler-maruyama",
        "ancestral",
        "ddim",
        "edm-heun",
        "dpmpp-2m",
        "dpm2-ancestral",
        "dpmpp-2s-ancestral",
        "dpmpp-sde",
        "dpmpp-2m-sde",
        "dpmpp-3m-sde",
        "sa-solver",
        "er-sde-3",
        "seeds-1",
        "seeds-2",
        "seeds-3",
        "stochastic-heun",
        "sra1",
        "restart",
        "adaptive-sde",
        "dopri5",
        "rk45",
        "tsit5",
        "cash-karp54",
        "fehlberg78"}},
      {"targets",
       {"swiss-roll", "eight-gaussians", "moons", "rings", "pinwheel", "spirals", "25-gaussians",
        "gaussian", "mixture-10", "mixture-50"}}};
  for (auto const& [key, names] : wanted) {
    auto const known = names_in(lists[key]);
    for (std::string const& name : names) EXPECT_TRUE(known.contains(name)) << name;
  }
}

TEST(List, GivesOrdersOnlyWhereTheyMeanSomething) {
  Json const lists = list();
  ASSERT_FALSE(lists["samplers"].empty());
  std::set<std::string> const adaptive{"adaptive-sde", "dopri5",      "rk45",
                                       "tsit5",        "cash-karp54", "fehlberg78"};
  for (Json const& sampler : lists["samplers"]) {
    SCOPED_TRACE(sampler["name"]);
    bool const deterministic = sampler["deterministic"].get<bool>();
    EXPECT_EQ(sampler["adaptive"].get<bool>(), adaptive.contains(sampler["name"]));
    EXPECT_TRUE(sampler["equal_steps"].is_boolean());
    EXPECT_EQ(sampler["order"].is_null(), !deterministic);
    if (deterministic) {
      EXPECT_TRUE(sampler["weak_order"].is_null());
      EXPECT_TRUE(sampler["strong_order"].is_null());
    }
    EXPECT_GE(sampler["evaluations_per_step"].get<int>(), 1);
  }
}

TEST(List, SaysWhatTheTextOfASamplerImplies) {
  struct Known {
    bool deterministic;
    int evaluations_per_step;
  };
  std::map<std::string, Known> const known{
      {"euler-maruyama", {false, 1}}, {"ancestral", {false, 1}}, {"ddim", {true, 1}},
      {"edm-heun", {true, 2}},        {"dpmpp-2m", {true, 1}},   {"dpmpp-sde", {false, 2}},
      {"sa-solver", {false, 1}},      {"seeds-3", {false, 3}}};
  std::size_t found = 0;
  Json const lists = list();
  for (Json const& sampler : lists["samplers"]) {
    auto const entry = known.find(sampler["name"].get<std::string>());
    if (entry == known.end()) continue;
    ++found;
    EXPECT_EQ(sampler["deterministic"], entry->second.deterministic) << entry->first;
    EXPECT_EQ(sampler["evaluations_per_step"], entry->second.evaluations_per_step) << entry->first;
  }
  EXPECT_EQ(found, known.size());
}

TEST(List, WritesOrdersAsTheNumbersTheyAre) {
  Outcome const text = run(TemporaryFolder().path(), "list samplers");
  EXPECT_TRUE(contains(text.out, "(weak order 2, strong order 1.5, evaluations a step: 2)"));
  Json const lists = list();
  for (Json const& sampler : lists["samplers"])
    for (char const* order : {"order", "weak_order", "strong_order"})
      EXPECT_TRUE(sampler[order].is_null() || sampler[order].is_number_integer() ||
                  sampler[order] == 1.5)
          << sampler["name"];
}

TEST(List, TakesOneOfItsLists) {
  TemporaryFolder const folder;
  Json const only = run(folder.path(), "list targets --json").json();
  EXPECT_EQ(only.size(), 1U);
  EXPECT_FALSE(only["targets"].empty());
  for (Json const& target : only["targets"]) EXPECT_GE(target["dimension"].get<int>(), 1);
  Outcome const text = run(folder.path(), "list targets");
  EXPECT_TRUE(contains(text.out, "swiss-roll"));
  EXPECT_FALSE(contains(text.out, "euler-maruyama"));
}

}  // namespace
}  // namespace retrace::test
