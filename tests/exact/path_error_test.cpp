// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/exact/path_error.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <gtest/gtest.h>

#include <cmath>

namespace retrace {
namespace {

constexpr Normal data{0.7, 0.25};

double measured_order(AnySampler const& sampler, char const* sde_name) {
  Sde const sde = make_sde(sde_name);
  auto const at = [&](std::int64_t n) {
    Grid const grid =
        make_grid("log-snr", sde, n, {sde.t_max(), sde.default_end(Solver::stochastic)});
    return path_error(sampler, grid, data, marginal(data, grid.level(0)));
  };
  return std::log2(at(256) / at(512));
}

TEST(PathError, ShowsTheClaimedStrongOrderOfEverySampler) {  // N18, without sampling
  for (SamplerEntry const& entry : samplers()) {
    if (!entry.info.strong_order) continue;
    for (char const* sde : {"vp", "ve", "sub-vp"})
      EXPECT_GE(measured_order(make_sampler(entry.name), sde), *entry.info.strong_order - 0.15)
          << entry.name << " on " << sde;
  }
}

}  // namespace
}  // namespace retrace
