// SPDX-License-Identifier: Apache-2.0
#include <retrace/exact/moments.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

namespace retrace {
namespace {

std::vector<std::string> predictors() {
  auto const& options = sampler_entry("pc-langevin").options;
  auto const option = std::find_if(options.begin(), options.end(),
                                   [](OptionInfo const& o) { return o.name == "predictor"; });
  std::istringstream range(option->range);
  std::vector<std::string> names;
  for (std::string word; range >> word;)
    if (word != "|") names.push_back(word);
  return names;
}

TEST(PredictorCorrector, IsThePredictorAloneWhereCorrectionsAreTiny) {
  ASSERT_EQ(predictors().size(), 8U);
  for (char const* sde : {"vp", "ve", "sub-vp"})
    for (std::string const& name : predictors()) {
      Grid const grid = make_grid("quadratic", make_sde(sde), 12, {0.7, 0.1});
      Normal const data{0.7, 0.25}, start = marginal(data, grid.level(0));
      auto const law = [&](std::string const& text) {
        return moments(make_sampler(text), grid, data, start);
      };
      std::string const pair = "pc-langevin:predictor=" + name;
      double const unit = std::sqrt(start.variance);
      EXPECT_LT(wasserstein2(law(pair + ",snr=1e-9"), law(name)), 1e-9 * unit) << pair << sde;
      // The control: corrections of the usual size are seen.
      EXPECT_GT(wasserstein2(law(pair), law(name)), 1e-6 * unit) << pair << sde;
    }
}

TEST(PredictorCorrector, ComesCloserToTheDataWithAPredictorOfHigherOrder) {
  // In few steps the predictor's error is larger than the corrections' bias.
  for (char const* sde : {"vp", "ve"}) {
    Grid const grid = make_grid("log-snr", make_sde(sde), 12, {0.7, 0.1});
    Normal const data{0.7, 0.25}, start = marginal(data, grid.level(0));
    auto const error = [&](std::string const& predictor) {
      return wasserstein2(
          moments(make_sampler("pc-langevin:snr=0.05,predictor=" + predictor), grid, data, start),
          marginal(data, grid.level(grid.count())));
    };
    EXPECT_LT(error("dpm-solver-2"), error("ddim") / 2) << sde;
  }
}

}  // namespace
}  // namespace retrace
