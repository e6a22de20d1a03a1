// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

std::string sde_error(std::string const& spec) {
  return argument_error([&] { (void)make_sde(spec); });
}

std::string grid_error(std::string const& spec) {
  return argument_error([&] { (void)make_grid(spec, make_sde("vp"), 4); });
}

template <class Entries>
std::set<std::string> names(Entries const& entries) {
  std::set<std::string> out;
  for (auto const& entry : entries) EXPECT_TRUE(out.insert(entry.name).second) << entry.name;
  return out;
}

TEST(SdeRegistry, HoldsEveryPromisedName) {
  auto const known = names(sdes());
  for (char const* name : {"vp", "ve", "sub-vp", "edm", "cosine", "rectified-flow", "ddpm"})
    EXPECT_TRUE(known.count(name)) << name;
  auto const rules = names(grid_rules());
  for (char const* name : {"uniform", "quadratic", "log-snr", "karras", "edm", "leading",
                           "trailing", "linspace", "respaced"})
    EXPECT_TRUE(rules.count(name)) << name;
}

TEST(SdeRegistry, DescribesEveryEntryAndItsOptions) {
  auto const check = [](auto const& entries) {
    for (auto const& entry : entries) {
      EXPECT_FALSE(entry.summary.empty()) << entry.name;
      EXPECT_FALSE(entry.paper.empty()) << entry.name;
      for (OptionInfo const& option : entry.options)
        EXPECT_FALSE(option.summary.empty() || option.range.empty()) << entry.name;
    }
  };
  check(sdes());
  check(grid_rules());
}

TEST(SdeRegistry, HasTheDefaultsOfTheTable) {
  auto const fallback = [](auto const& entries, std::string const& name,
                           std::string const& option) {
    for (OptionInfo const& info : find_entry("entry", name, entries).options)
      if (info.name == option) return info.fallback;
    return OptionValue{std::string("no such option")};
  };
  EXPECT_EQ(fallback(sdes(), "vp", "beta_min"), OptionValue{0.1});
  EXPECT_EQ(fallback(sdes(), "vp", "beta_max"), OptionValue{20.0});
  EXPECT_EQ(fallback(sdes(), "sub-vp", "beta_min"), OptionValue{0.1});
  EXPECT_EQ(fallback(sdes(), "sub-vp", "beta_max"), OptionValue{20.0});
  EXPECT_EQ(fallback(sdes(), "ve", "sigma_min"), OptionValue{0.01});
  EXPECT_EQ(fallback(sdes(), "ve", "sigma_max"), OptionValue{50.0});
  EXPECT_EQ(fallback(sdes(), "edm", "sigma_min"), OptionValue{0.002});
  EXPECT_EQ(fallback(sdes(), "edm", "sigma_max"), OptionValue{80.0});
  EXPECT_EQ(fallback(sdes(), "cosine", "s"), OptionValue{0.008});
  EXPECT_EQ(fallback(sdes(), "ddpm", "schedule"), OptionValue{std::string("linear")});
  EXPECT_EQ(fallback(sdes(), "ddpm", "steps"), OptionValue{std::int64_t{1000}});
  EXPECT_EQ(fallback(grid_rules(), "karras", "rho"), OptionValue{7.0});
  for (char const* name : {"uniform", "quadratic", "log-snr"})
    EXPECT_EQ(fallback(grid_rules(), name, "final"), OptionValue{std::string("eps")}) << name;
  for (char const* name : {"karras", "edm"})
    EXPECT_EQ(fallback(grid_rules(), name, "final"), OptionValue{std::string("zero")}) << name;
}

TEST(SdeRegistry, GivesTheOptionsThatWereAskedFor) {
  Sde const sde = make_sde("ve:sigma_max=7,sigma_min=0.5");
  EXPECT_EQ(sde.name(), "ve");
  auto const options = sde.options();
  ASSERT_EQ(options.size(), 2u);
  EXPECT_EQ(options[0], (std::pair<std::string, OptionValue>{"sigma_min", 0.5}));
  EXPECT_EQ(options[1], (std::pair<std::string, OptionValue>{"sigma_max", 7.0}));
}

TEST(SdeRegistry, SuggestsTheNearestName) {
  EXPECT_EQ(sde_error("vpp"), "unknown SDE 'vpp'; did you mean 'vp'?");
  EXPECT_EQ(sde_error("subvp"), "unknown SDE 'subvp'; did you mean 'sub-vp'?");
  EXPECT_EQ(sde_error("rectified_flow:a=1"),
            "unknown SDE 'rectified_flow'; did you mean 'rectified-flow'?");
  EXPECT_EQ(sde_error("vp:beta-max=3"),
            "unknown option of vp 'beta-max'; did you mean 'beta_max'?");
  EXPECT_EQ(grid_error("karas"), "unknown grid 'karas'; did you mean 'karras'?");
  EXPECT_EQ(grid_error("karras:roh=7"), "unknown option of karras 'roh'; did you mean 'rho'?");
  EXPECT_EQ(grid_error("uniform:final=zeros"),
            "unknown value of final 'zeros'; did you mean 'zero'?");
}

/// R16.
TEST(SdeRegistry, RefusesOptionsOutOfRangeByName) {
  for (char const* sde : {"vp", "sub-vp", "ve", "edm"}) {
    bool const is_beta = contains(sde, "vp");
    std::string const low = is_beta ? "beta_min" : "sigma_min";
    std::string const high = is_beta ? "beta_max" : "sigma_max";
    std::string const start = std::string(sde) + ":";
    for (char const* value :
         {"0", "-1", "nan", "inf", "-inf", "1e400", "", "x", "1x", " 1", "0x1"}) {
      EXPECT_TRUE(contains(sde_error(start + low + "=" + value), low)) << sde << " " << value;
      EXPECT_TRUE(contains(sde_error(start + high + "=" + value), high)) << sde << " " << value;
    }
    for (char const* values : {"3 2", "2 2"}) {
      std::string const text =
          sde_error(start + low + "=" + values[0] + "," + high + "=" + values[2]);
      EXPECT_TRUE(contains(text, low) && contains(text, high)) << text;
    }
  }
  for (char const* value : {"0", "-0.1", "1.5", "nan", "inf"})
    EXPECT_TRUE(contains(sde_error(std::string("cosine:s=") + value), "(0, 1]")) << value;
  for (char const* value : {"0", "-7", "nan", "inf"})
    EXPECT_TRUE(contains(grid_error(std::string("karras:rho=") + value), "(0, inf)")) << value;
  EXPECT_TRUE(contains(sde_error("rectified-flow:s=1"), "'s'"));
  EXPECT_TRUE(contains(sde_error("vp:beta_min"), "beta_min"));
  EXPECT_TRUE(contains(sde_error("vp:beta_min=1,beta_min=2"), "twice"));
}

}  // namespace
}  // namespace retrace
