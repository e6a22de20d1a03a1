// SPDX-License-Identifier: Apache-2.0

// The command `ddpm`, and what the other commands do on --sde ddpm.
#include "tool.hpp"

#include <retrace/io/npy.hpp>
#include <retrace/io/npz.hpp>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

using Json = nlohmann::json;

Json report(std::string const& line) {
  TemporaryFolder const folder;
  Outcome const outcome = run(folder.path(), line + " --json");
  EXPECT_EQ(outcome.status, 0) << outcome.err;
  return outcome.json();
}

TEST(DdpmCommand, HasTheKeysOfTheContract) {
  Json const tables = report("ddpm --schedule linear --steps 100");
  for (char const* key : {"timesteps", "betas", "alpha_bar", "alpha_bar_prev", "posterior_variance",
                          "posterior_log_variance_clipped", "posterior_mean_coef1",
                          "posterior_mean_coef2", "fixed_large_log_variance"}) {
    ASSERT_TRUE(tables.contains(key)) << key;
    EXPECT_EQ(tables[key].size(), 100U) << key;
  }
  EXPECT_EQ(tables["schedule"], "linear");
  EXPECT_EQ(tables["steps"], 100);
  EXPECT_EQ(tables["timesteps"][99], 99);
  EXPECT_DOUBLE_EQ(tables["betas"][0], 1e-3);
  EXPECT_DOUBLE_EQ(tables["betas"][99], 0.2);
  double product = 1;
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_NEAR(tables["alpha_bar_prev"][i].get<double>(), product, 1e-14);
    product *= 1 - tables["betas"][i].get<double>();
    EXPECT_NEAR(tables["alpha_bar"][i].get<double>(), product, 1e-14);
  }
  EXPECT_EQ(tables["posterior_variance"][0], 0);
  EXPECT_EQ(tables["posterior_log_variance_clipped"][0],
            tables["posterior_log_variance_clipped"][1]);
  EXPECT_EQ(tables["fixed_large_log_variance"][0], tables["posterior_log_variance_clipped"][1]);
  EXPECT_DOUBLE_EQ(tables["fixed_large_log_variance"][50],
                   std::log(tables["betas"][50].get<double>()));
}

TEST(DdpmCommand, RespacesAsAsked) {
  Json const even = report("ddpm --schedule cosine --steps 1000 --respace 3");
  EXPECT_EQ(even["timesteps"], (Json{0, 500, 999}));
  EXPECT_EQ(even["steps"], 1000);
  Json const strided = report("ddpm --schedule cosine --steps 1000 --respace ddim4");
  EXPECT_EQ(strided["timesteps"], (Json{0, 250, 500, 750}));
  Json const all = report("ddpm --schedule cosine --steps 1000");
  EXPECT_EQ(strided["alpha_bar"][3], all["alpha_bar"][750]);
  Json const one = report("ddpm --schedule sigmoid --steps 1");
  EXPECT_EQ(one["betas"], (Json{0.999}));
  EXPECT_EQ(one["posterior_log_variance_clipped"][0], std::log(0.999));
}

TEST(DdpmCommand, PrintsTheFirstAndTheLastRows) {
  TemporaryFolder const folder;
  Outcome const outcome = run(folder.path(), "ddpm --schedule linear --steps 1000");
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(std::count(outcome.out.begin(), outcome.out.end(), '\n'), 18);
  EXPECT_TRUE(contains(outcome.out, "...") && contains(outcome.out, "999"));
  Outcome const brief = run(folder.path(), "ddpm --schedule linear --steps 21 --respace 16");
  EXPECT_EQ(std::count(brief.out.begin(), brief.out.end(), '\n'), 17);
  EXPECT_EQ(run(folder.path(), "ddpm --schedule linear --steps 1000 --quiet").out, "");
}

TEST(DdpmCommand, RefusesWhatHasNoTables) {
  TemporaryFolder const folder;
  std::string const line = "ddpm --schedule linear --steps ";
  for (char const* steps : {"0", "-1", "1.5", "x", "1000001", "9223372036854775808"})
    expect_refusal(folder, line + steps, 2, {"--steps"});
  for (char const* steps : {"1", "20"}) expect_refusal(folder, line + steps, 2, {"steps", "21"});
  for (char const* respace : {"0", "1001", "ddim", "ddim0", "ddim1001", "1,2", "dim50"})
    expect_refusal(folder, line + "1000 --respace " + respace, 2, {"--respace"});
  expect_refusal(folder, line + "1000 --respace ddim300", 2, {"300", "stride"});
  expect_refusal(folder, "ddpm --schedule cosin --steps 10", 2, {"'cosin'", "'cosine'?"});
  expect_refusal(folder, "ddpm --steps 10", 2, {"--schedule"});
  expect_refusal(folder, "ddpm --schedule linear", 2, {"--steps"});
}

TEST(DdpmOnTheCommandLine, IsShownBySchedule) {
  Json const levels = report("schedule --sde ddpm --t 0,500")["levels"];
  double product = 1;
  for (int i = 0; i <= 500; ++i) product *= 1 - (1e-4 + i * (0.02 - 1e-4) / 999);
  EXPECT_NEAR(levels[1]["alpha"].get<double>(), std::sqrt(product), 1e-13);
  EXPECT_NEAR(levels[1]["sigma"].get<double>(), std::sqrt(1 - product), 1e-13);
  EXPECT_NEAR(levels[0]["sigma"].get<double>(), 0.01, 1e-15);
  EXPECT_TRUE(levels[1]["f"].is_null() && levels[1]["g2"].is_null());

  Json const report_ = report("schedule --sde ddpm:schedule=cosine --steps 4");
  EXPECT_EQ(report_["grid"], "leading");
  EXPECT_EQ(report_["options"]["schedule"], "cosine");
  EXPECT_EQ(report_["options"]["steps"], 1000);
  Json const grid = report_["levels"];
  ASSERT_EQ(grid.size(), 5U);
  for (std::size_t k = 0; k < 4; ++k) EXPECT_EQ(grid[k]["t"], 750 - 250 * static_cast<int>(k));
  EXPECT_EQ(grid[4], (Json{{"t", -1.0},
                           {"alpha", 1.0},
                           {"sigma", 0.0},
                           {"lambda", nullptr},
                           {"f", nullptr},
                           {"g2", nullptr}}));
  Json const times = report("schedule --sde ddpm --times 999,500,3")["levels"];
  ASSERT_EQ(times.size(), 4U);
  EXPECT_EQ(times[2]["t"], 3);
  EXPECT_EQ(times[3]["t"], -1);
  EXPECT_EQ(report("schedule --sde ddpm --times 7")["levels"].size(), 2U);
}

TEST(DdpmOnTheCommandLine, IsRefusedWhatAChainDoesNotHave) {
  TemporaryFolder const folder;
  std::string const line = "schedule --sde ddpm ";
  for (char const* t : {"0.5", "-1", "1000", "nan"})
    expect_refusal(folder, line + "--t " + t, 2, {"[0, 999]"});
  for (char const* times : {"0.5", "5,5", "5,7", "1000,0", "5,-1", "999,1.5"})
    expect_refusal(folder, line + "--times " + times, 2, {"--times"});
  expect_refusal(folder, line + "--steps 10 --from 900", 2, {"--from", "'ddpm'"});
  expect_refusal(folder, line + "--steps 10 --to 1", 2, {"--to", "'ddpm'"});
  expect_refusal(folder, line + "--steps 1001", 2, {"1001", "1000"});
  expect_refusal(folder, line + "--steps 1000 --grid linspace", 2, {"linspace", "999"});
  for (char const* rule : {"uniform", "quadratic", "log-snr", "karras", "edm"})
    expect_refusal(folder, line + "--steps 10 --grid " + rule, 2, {rule, "leading"});
  for (char const* rule : {"leading", "trailing", "linspace", "respaced"})
    expect_refusal(folder, std::string("schedule --sde vp --steps 10 --grid ") + rule, 2,
                   {rule, "uniform"});
  expect_refusal(folder, "schedule --sde ddpm:steps=20 --steps 2", 2, {"21"});
  expect_refusal(folder, "schedule --sde ddpm:steps=0 --steps 2", 2, {"steps"});
  expect_refusal(folder, "schedule --sde ddpm:file=none.npy --steps 2", 1, {"none.npy"});
}

TEST(DdpmOnTheCommandLine, TakesBetasFromAFile) {
  TemporaryFolder const folder;
  std::vector<double> betas(30, 0.1);
  std::int64_t const shape[] = {30};
  write_npy(folder / "betas.npy", betas.data(), shape);
  Outcome const outcome = run(folder.path(), "schedule --sde ddpm:file=betas.npy --t 29 --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_NEAR(outcome.json()["levels"][0]["alpha"].get<double>(), std::pow(0.9, 15), 1e-14);
  EXPECT_EQ(outcome.json()["options"]["steps"], 30);
  betas[7] = std::nan("");
  write_npy(folder / "nan.npy", betas.data(), shape);
  expect_refusal(folder, "schedule --sde ddpm:file=nan.npy --t 1", 1, {"nan.npy", "7"});
  betas[7] = 1;
  write_npy(folder / "one.npy", betas.data(), shape);
  expect_refusal(folder, "schedule --sde ddpm:file=one.npy --t 1", 1, {"one.npy", "beta[7]"});
}

TEST(DdpmOnTheCommandLine, Samples) {
  TemporaryFolder const folder;
  std::string const rest = " --steps 10 --samples 50 --seed 3 --out x.npy --json";
  for (char const* sampler : {"ddim", "ddim:eta=0.5", "ancestral", "ancestral:variance=large",
                              "euler-ancestral", "dpmpp-2m", "edm-heun"})
    for (char const* sde : {"ddpm", "ddpm:schedule=cosine,steps=200"}) {
      Outcome const outcome = run(folder.path(), std::string("sample --target moons --sde ") + sde +
                                                     " --sampler " + sampler + rest);
      ASSERT_EQ(outcome.status, 0) << outcome.err;
      Json const facts = outcome.json();
      EXPECT_EQ(facts["sampler"], sampler);
      EXPECT_EQ(facts["sde"], sde);
      EXPECT_EQ(facts["grid"], "leading");
      EXPECT_EQ(facts["steps"], 10);
      EXPECT_EQ(facts["evaluations"], std::string(sampler) == "edm-heun" ? 19 : 10);
      EXPECT_EQ(facts["levels"].size(), 11U);
      EXPECT_EQ(facts["levels"][9]["t"], 0);
      EXPECT_EQ(facts["levels"][10]["t"], -1);
      EXPECT_EQ(facts["nonfinite"], 0);
    }
}

/// Three draws for four levels: the step to the clean end has none.
TEST(DdpmOnTheCommandLine, NumbersGivenNoiseByStep) {
  TemporaryFolder const folder;
  std::vector<double> const init{0.5}, noise{0.3, -1.1, 0.7};
  std::int64_t const one[] = {1, 1}, three[] = {3, 1, 1};
  write_npy(folder / "init.npy", init.data(), one);
  write_npy(folder / "noise.npy", noise.data(), three);
  Outcome const outcome =
      run(folder.path(),
          "sample --target gaussian:dimension=1 --sde ddpm --sampler ancestral:variance=large "
          "--times 999,600,300,5 --init init.npy --noise noise.npy --precision f64 --out x.npy "
          "--json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["draws"], 3);

  std::vector<double> alpha_bar;
  double product = 1;
  for (int i = 0; i < 1000; ++i) alpha_bar.push_back(product *= 1 - (1e-4 + i * 0.0199 / 999));
  // The data's mean and variance, from their own p_t.
  Outcome const scored = run(folder.path(),
                             "score --target gaussian:dimension=1 --sde ddpm --t 500 --points "
                             "init.npy --out s.npz --json");
  ASSERT_EQ(scored.status, 0) << scored.err;
  auto const arrays = read_npz(folder / "s.npz");
  double const divergence = arrays.at("divergence").values[0], score = arrays.at("score").values[0];
  double const total = -1 / divergence;  // alpha_bar variance + 1 - alpha_bar
  double const variance = (total - (1 - alpha_bar[500])) / alpha_bar[500];
  double const mean = (0.5 + score * total) / std::sqrt(alpha_bar[500]);

  double x = 0.5;
  std::size_t const indices[] = {999, 600, 300, 5};
  for (std::size_t k = 0; k < 4; ++k) {
    double const now = alpha_bar[indices[k]], before = k == 3 ? 1 : alpha_bar[indices[k + 1]];
    double const gain = std::sqrt(now) * variance / (now * variance + 1 - now);
    double const x0 = mean + gain * (x - std::sqrt(now) * mean), beta = 1 - now / before;
    x = beta * std::sqrt(before) / (1 - now) * x0 +
        (1 - before) * std::sqrt(1 - beta) / (1 - now) * x +
        (k == 3 ? 0 : std::sqrt(beta) * noise[k]);
  }
  EXPECT_NEAR(read_npy(folder / "x.npy").values[0], x, 1e-9);
}

TEST(DdpmOnTheCommandLine, RefusesSamplersThatNeedMoreThanLevels) {
  TemporaryFolder const folder;
  std::string const line = "sample --target moons --sde ddpm --samples 5 --out x.npy --steps 10 ";
  for (char const* sampler : {"heun", "euler", "midpoint", "rk4", "euler-maruyama",
                              "euler-maruyama:step=score-sde", "edm-heun:churn=2"})
    expect_refusal(folder, line + "--sampler " + sampler, 2,
                   {std::string("sampler '") + sampler + "'", "'ddpm'", "use one of", "ddim"});
  expect_refusal(folder, line + "--sampler ddim --from 900", 2, {"--from"});
  expect_refusal(folder, line + "--sampler ancestral:variance=learned-range", 2,
                 {"learned-range", "ancestral_step"});
  expect_refusal(folder, line + "--sampler ddim --grid karras", 2, {"karras", "leading"});
  expect_refusal(folder,
                 "sample --target moons --sde vp --samples 5 --out x.npy --steps 10 --sampler "
                 "ancestral:variance=large",
                 2, {"ancestral:variance=large", "ddpm"});
}

TEST(DdpmOnTheCommandLine, IsCompared) {
  TemporaryFolder const folder;
  Outcome const outcome = run(folder.path(),
                              "compare --target moons --sde ddpm --samplers ddim,ancestral "
                              "--evaluations 5,10 --samples 200 --report r --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  for (Json const& row : outcome.json()["rows"]) {
    EXPECT_EQ(row["grid"], "leading");
    EXPECT_EQ(row["evaluations_used"], row["evaluations"]);
  }
}

}  // namespace
}  // namespace retrace::test
