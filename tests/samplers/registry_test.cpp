// SPDX-License-Identifier: Apache-2.0
#include "states.hpp"

#include <retrace/core/error.hpp>
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/sde/vp.hpp>
#include <retrace/trace/cost.hpp>

#include <gtest/gtest.h>
#include <support/continuous.hpp>
#include <support/mixtures.hpp>

#include <limits>
#include <string>
#include <vector>

namespace retrace {
namespace {

TEST(Samplers, CountTheirEvaluations) {  // N12
  struct Case {
    char const *sampler, *sde, *grid;
    std::int64_t steps, evaluations, draws;
  };
  for (Case const& c :
       {Case{"euler-maruyama", "vp", "uniform", 20, 20, 20},
        Case{"euler-maruyama", "vp", "uniform:final=zero", 20, 20, 19},
        Case{"ancestral", "vp", "log-snr", 20, 20, 20}, Case{"ddim", "vp", "karras", 20, 20, 0},
        Case{"ddim:eta=1", "vp", "karras", 20, 20, 19}, Case{"edm-heun", "edm", "edm", 18, 35, 0},
        Case{"edm-heun:churn=40", "edm", "edm", 18, 35, 17},
        Case{"edm-heun", "ve", "log-snr", 18, 36, 0},
        Case{"dpmpp-2m", "cosine", "karras", 20, 20, 0}, Case{"dpmpp-2m", "vp", "karras", 1, 1, 0},
        Case{"euler", "vp", "uniform", 20, 20, 0}, Case{"midpoint", "vp", "uniform", 20, 40, 0},
        Case{"heun", "edm", "edm", 18, 35, 0}, Case{"rk4", "ve", "uniform", 20, 80, 0},
        Case{"reverse-diffusion", "vp", "uniform:final=zero", 20, 20, 19},
        Case{"euler-ancestral", "edm", "edm", 20, 20, 19},
        Case{"langevin", "vp", "log-snr", 20, 20, 20},
        Case{"langevin:steps=3", "sub-vp", "log-snr", 20, 60, 60},
        Case{"langevin:steps=3", "edm", "edm", 20, 58, 57},
        Case{"pc-langevin", "vp", "uniform", 20, 40, 40}, Case{"bosh3", "vp", "uniform", 20, 60, 0},
        Case{"dpm-solver-1", "vp", "log-snr", 20, 20, 0},
        Case{"dpm-solver-2", "vp", "log-snr", 20, 40, 0},
        Case{"dpm-solver-3", "edm", "edm", 20, 58, 0}, Case{"dpmpp-2s", "ve", "log-snr", 20, 40, 0},
        // A method of order 3 starts with two steps of 2 evaluations, one of
        // order 4 with three of 3, unipc-3 with two of 3,
        // exp-abm-5 with three of 4.
        Case{"dpmpp-3m", "vp", "log-snr", 20, 22, 0},
        Case{"dpmpp-3m:start=low", "vp", "log-snr", 20, 20, 0},
        Case{"dpmpp-3m:final=low", "edm", "edm", 20, 22, 0},
        Case{"dpmpp-3m", "vp", "log-snr", 1, 2, 0}, Case{"exp-ab-2", "vp", "log-snr", 20, 20, 0},
        Case{"exp-ab-3:prediction=noise", "vp", "log-snr", 20, 22, 0},
        Case{"exp-ab-4", "vp", "log-snr", 20, 26, 0},
        Case{"exp-ab-4:start=low", "vp", "log-snr", 20, 20, 0},
        Case{"unipc-1", "vp", "log-snr", 20, 20, 0}, Case{"unipc-2", "edm", "edm", 20, 20, 0},
        Case{"unipc-2:corrector=off", "vp", "log-snr", 20, 20, 0},
        Case{"unipc-3", "vp", "log-snr", 20, 24, 0},
        Case{"unipc-3:start=low", "edm", "edm", 20, 20, 0},
        Case{"unipc-3:prediction=noise", "vp", "log-snr", 20, 24, 0},
        Case{"exp-abm-5", "vp", "log-snr", 20, 29, 0},
        Case{"exp-abm-5:start=low", "edm", "edm", 20, 20, 0},
        Case{"deis-2", "vp", "quadratic", 20, 20, 0},
        Case{"deis-3", "cosine", "quadratic", 20, 22, 0},
        Case{"deis-4", "rectified-flow", "log-snr", 20, 26, 0},
        Case{"lms-4", "ve", "log-snr", 20, 26, 0},
        Case{"lms-4:start=low", "ve", "log-snr", 20, 20, 0},
        Case{"ipndm-4", "vp", "quadratic", 20, 20, 0}, Case{"pndm", "vp", "quadratic", 20, 29, 0},
        Case{"pc-langevin:predictor=ddim,steps=2", "vp", "uniform", 20, 60, 40},
        Case{"dpm2-ancestral", "vp", "log-snr", 20, 40, 20},
        Case{"dpmpp-2s-ancestral", "edm", "edm", 20, 39, 19},
        Case{"dpmpp-sde", "vp", "log-snr", 20, 40, 40},
        Case{"dpmpp-sde:eta=0", "vp", "log-snr", 20, 40, 0},
        Case{"dpmpp-2m-sde", "edm", "edm", 20, 20, 19},
        Case{"dpmpp-3m-sde", "vp", "log-snr", 20, 20, 20},
        Case{"sa-solver", "vp", "log-snr", 20, 20, 20},
        Case{"sa-solver:tau=0", "vp", "karras", 20, 20, 0},
        Case{"er-sde-3", "vp", "log-snr", 20, 20, 20}, Case{"seeds-1", "vp", "log-snr", 20, 20, 20},
        Case{"seeds-2", "vp", "log-snr", 20, 40, 40}, Case{"seeds-3", "edm", "edm", 20, 58, 57},
        Case{"stochastic-heun", "vp", "uniform", 20, 40, 20},
        Case{"sra1", "vp", "log-snr", 20, 40, 40}, Case{"er-sde-1", "vp", "log-snr", 20, 20, 20},
        Case{"er-sde-2", "edm", "edm", 20, 20, 19}, Case{"deis-1", "vp", "log-snr", 20, 20, 0},
        Case{"lms-1", "ve", "log-snr", 20, 20, 0}, Case{"lms-2", "ve", "log-snr", 20, 20, 0},
        Case{"lms-3", "ve", "log-snr", 20, 22, 0}, Case{"ipndm-1", "vp", "log-snr", 20, 20, 0},
        Case{"ipndm-2", "vp", "log-snr", 20, 20, 0}, Case{"ipndm-3", "vp", "log-snr", 20, 20, 0},
        // Adaptive ones with the steps of a grid: the stages that their result needs, 12 of the 13
        // that Fehlberg has.
        Case{"dopri5", "vp", "log-snr", 20, 120, 0}, Case{"rk45", "vp", "log-snr", 20, 120, 0},
        Case{"tsit5", "ve", "log-snr", 20, 120, 0},
        Case{"cash-karp54", "vp", "log-snr", 20, 120, 0},
        Case{"fehlberg78", "vp", "log-snr", 20, 240, 0},
        Case{"adaptive-sde", "vp", "log-snr", 20, 40, 20},
        // sigma/alpha is 0.4 at level 6, 0.068 at level 8
        Case{"restart:rho_min=0.05,rho_max=0.35", "edm", "log-snr", 12, 32, 2}}) {
    Sde const sde = make_sde(c.sde);
    double const from = sde.name() == "rectified-flow" ? 0.99 : sde.t_max();
    Cost const counted =
        cost(make_sampler(c.sampler), make_grid(c.grid, sde, c.steps, {.from = from, .to = {}}));
    EXPECT_EQ(counted.evaluations, c.evaluations) << c.sampler << ' ' << c.grid;
    EXPECT_EQ(counted.draws, c.draws) << c.sampler << ' ' << c.grid;
  }
}

TEST(Registry, EverySamplerSaysWhatTheToolNeeds) {
  for (SamplerEntry const& entry : samplers()) {
    EXPECT_EQ(entry.name, entry.info.name);
    EXPECT_FALSE(entry.summary.empty());
    EXPECT_FALSE(entry.paper.empty());
    Traits const traits = traced_traits(make_sampler(entry.name));
    EXPECT_GE(traits.evaluations_per_step, 1) << entry.name;
    if (traits.solver == Solver::deterministic) {
      EXPECT_TRUE(entry.info.order.has_value()) << entry.name;
    } else {
      bool const claims = entry.info.claims == Claims::orders;
      EXPECT_EQ(entry.info.weak_order.has_value(), claims) << entry.name;
      // Restarts add noise that is not the reverse process': there is no solution to tend to.
      EXPECT_EQ(entry.info.strong_order.has_value(), claims && entry.name != "restart")
          << entry.name;
    }
    for (auto const& sde : testing::continuous_sdes()) {
      std::string const rule = recommended_grid(entry.info, make_sde(sde.name));
      double const from = sde.name == "rectified-flow" ? 0.99 : make_sde(sde.name).t_max();
      Grid const grid = make_grid(rule, make_sde(sde.name), 5, {.from = from, .to = {}});
      EXPECT_GE(cost(make_sampler(entry.name), grid).evaluations, 5) << entry.name << sde.name;
    }
  }
  EXPECT_EQ(traced_traits(make_sampler("edm-heun")).solver, Solver::deterministic);
  EXPECT_EQ(traced_traits(make_sampler("edm-heun:churn=1")).solver, Solver::stochastic);
  EXPECT_EQ(traced_traits(make_sampler("edm-heun")).evaluations_per_step, 2);
}

TEST(Registry, HoldsOnlyCorrectorsThatClaimNothing) {
  std::vector<std::string> nothing;
  for (SamplerEntry const& entry : samplers())
    if (entry.info.claims == Claims::nothing) nothing.push_back(entry.name);
  EXPECT_EQ(nothing, (std::vector<std::string>{"langevin", "pc-langevin"}));
}

/// vp as a discrete chain: no rates of change, no levels between those of a grid.
struct chain {
  static constexpr SdeInfo info{"chain", "vp without what chains lack", ""};
  static std::vector<Option<chain>> options() { return {}; }
  LevelValues at(double t) const {
    LevelValues values = vp{}.at(t);
    values.alpha_rate = values.sigma_rate = values.variance_rate =
        std::numeric_limits<double>::quiet_NaN();
    return values;
  }
  double t_of_lambda(double) const { throw Error(Fault::argument, "no level between"); }
  double t_max() const { return 1; }
  double prior_sigma() const { return 1; }
};

TEST(Samplers, WithALowStartNeedNothingBetweenTheLevelsOfTheGrid) {
  Grid const grid(chain{}, {0.9, 0.7, 0.55, 0.4, 0.3, 0.2, 0.1, 0.05});
  auto const evaluations = [&](std::string const& sampler) {
    return cost(make_sampler(sampler), grid).evaluations;
  };
  for (std::string const name : {"dpmpp-3m", "unipc-3", "exp-abm-5", "deis-3", "deis-4", "lms-3",
                                 "lms-4", "exp-ab-3", "exp-ab-4"}) {
    EXPECT_EQ(evaluations(name + ":start=low"), 7) << name;
    EXPECT_THROW((void)evaluations(name), Error) << name;
  }
  for (char const* name : {"ddim", "ancestral", "euler-ancestral", "dpm-solver-1", "dpmpp-2m",
                           "unipc-1", "unipc-2", "deis-1", "deis-2", "lms-1", "lms-2", "exp-ab-2",
                           "ipndm-1", "ipndm-2", "ipndm-3", "ipndm-4"})
    EXPECT_EQ(evaluations(name), 7) << name;
  for (char const* name : {"dpm-solver-2", "dpm-solver-3", "dpmpp-2s", "bosh3"})
    EXPECT_THROW((void)evaluations(name), Error) << name;
}

TEST(Samplers, DeisOnAChainInterpolatesInLogSnr) {
  Grid const chained(chain{}, {0.9, 0.7, 0.5, 0.3, 0.1});
  Mixture const mixture = testing::correlated_mixture(2, 3);
  auto const a = testing::traced(make_sampler("deis-3:start=low"), chained, {0.4, -1.1}, mixture);
  auto const b = testing::traced(make_sampler("exp-ab-3:start=low,prediction=noise"), chained,
                                 {0.4, -1.1}, mixture);
  EXPECT_NEAR(a[0], b[0], 1e-12);
  EXPECT_NEAR(a[1], b[1], 1e-12);
}

TEST(Registry, SuggestsTheNearestName) {
  try {
    (void)make_sampler("dppm-2m");
    FAIL();
  } catch (Error const& e) {
    EXPECT_NE(std::string(e.what()).find("did you mean 'dpmpp-2m'?"), std::string::npos);
  }
  EXPECT_THROW((void)make_sampler("ddim:eta=-1"), Error);
  EXPECT_THROW((void)make_sampler("ddim:eta=nan"), Error);
  EXPECT_THROW((void)make_sampler("ddim:beta=1"), Error);
  for (char const* wrong : {"langevin:steps=0", "langevin:steps=1001", "langevin:steps=1.5",
                            "langevin:snr=0", "pc-langevin:snr=-1", "pc-langevin:predictor=euler"})
    EXPECT_THROW((void)make_sampler(wrong), Error) << wrong;
}

}  // namespace
}  // namespace retrace
