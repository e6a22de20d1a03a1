// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <retrace/io/npy.hpp>
#include <retrace/io/npz.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

namespace retrace::test {
namespace {

void write(std::filesystem::path const& path, std::vector<double> const& x,
           std::vector<std::int64_t> const& shape) {
  write_npy<double>(path, x.data(), shape);
}

std::string const likelihood = "likelihood --target gaussian:dimension=2 --sde vp ";
std::vector<double> const points{0, 0, 1, -1, 0.3, 12};

/// log N(x; 1, 0.64 I), the law of that target.
double exact(std::size_t row) {
  double square = 0;
  for (std::size_t c = 0; c < 2; ++c) square += std::pow(points[2 * row + c] - 1, 2);
  return -square / 1.28 - std::log(2 * std::numbers::pi * 0.64);
}

TEST(LikelihoodCommand, GivesTheLogDensityAndItsBudget) {
  TemporaryFolder const folder;
  write(folder / "x.npy", points, {3, 2});
  for (std::string const how :
       {"", "--solver tsit5 --rtol 1e-8 --atol 1e-8", "--solver bulirsch-stoer",
        "--solver dpm-solver-3 --steps 60", "--solver dpmpp-2m --times 1e-5,1e-3,0.1,0.3,0.6,1"}) {
    SCOPED_TRACE(how);
    Outcome const outcome =
        run(folder.path(), likelihood + "--points x.npy --out l.npz --json " + how);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    auto const report = outcome.json();
    EXPECT_EQ(report["points"], 3);
    EXPECT_EQ(report["dimension"], 2);
    EXPECT_EQ(report["out"], "l.npz");
    EXPECT_GT(report["evaluations"], 4);
    auto const arrays = read_npz(folder / "l.npz");
    ASSERT_EQ(arrays.size(), 10U);
    EXPECT_EQ(arrays.at("z").shape, (std::vector<std::int64_t>{3, 2}));
    double sum = 0;
    for (std::size_t row = 0; row < 3; ++row) {
      auto const at = [&](char const* name) { return arrays.at(name).values[row]; };
      EXPECT_NEAR(at("logp"), exact(row), at("error"));
      EXPECT_DOUBLE_EQ(at("logp"), at("prior_logp") + at("delta_logp"));
      EXPECT_NEAR(at("error"),
                  at("error_ode") + at("error_trace") + at("error_prior") + at("error_truncation"),
                  1e-15);
      EXPECT_EQ(at("error_trace"), 0);
      sum += at("logp");
    }
    EXPECT_NEAR(report["mean_logp"].get<double>(), sum / 3, 1e-12);
  }
}

TEST(LikelihoodCommand, LetsPilotsChooseTheStepsForAnError) {
  TemporaryFolder const folder;
  std::string const drawn = likelihood + "--samples 300 --seed 3 --json --no-budget ";
  Outcome const outcome = run(folder.path(), drawn + "--error 1e-4 --out p.npy");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  auto const report = outcome.json();
  EXPECT_EQ(report["solver"], "exp-abm-5:start=low");
  EXPECT_EQ(report["grid"], "pilots");
  EXPECT_EQ(report["pilots"]["points"], 32);
  EXPECT_EQ(report["pilots"]["aim"], 1e-4);
  EXPECT_LE(report["pilots"]["error"], 1e-4);
  EXPECT_EQ(report["pilots"]["steps"], report["evaluations"]);
  ASSERT_EQ(run(folder.path(), drawn + "--rtol 1e-9 --atol 1e-9 --out q.npy").status, 0);
  auto const pilots = read_npy_list(folder / "p.npy"), exact = read_npy_list(folder / "q.npy");
  double square = 0;
  for (std::size_t i = 0; i < 300; ++i) square += std::pow(pilots[i] - exact[i], 2);
  EXPECT_LT(std::sqrt(square / 300), 3e-4);
  EXPECT_GT(square, 0);
}

TEST(LikelihoodCommand, TakesProbesFromTheSeedAndFromAFile) {
  TemporaryFolder const folder;
  write(folder / "x.npy", points, {3, 2});
  write(folder / "one.npy", {1, -1, 1, 1, -1, 1}, {3, 2});
  write(folder / "two.npy", {1, -1, 1, 1, -1, 1, 1, 1, 1, -1, 1, 1}, {2, 3, 2});
  // The Jacobian of an isotropic Gaussian is a multiple of the identity: Rademacher is exact.
  for (std::string const how :
       {"--seed 3", "--probes 2 --seed 1", "--probe two.npy", "--probe one.npy"}) {
    SCOPED_TRACE(how);
    Outcome const outcome = run(folder.path(), likelihood +
                                                   "--points x.npy --out l.npz --json "
                                                   "--divergence hutchinson " +
                                                   how);
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    auto const arrays = read_npz(folder / "l.npz");
    for (std::size_t row = 0; row < 3; ++row) {
      double const trace = arrays.at("error_trace").values[row];
      double bound = 0;
      for (char const* const term : {"error_ode", "error_prior", "error_truncation"})
        bound += arrays.at(term).values[row];
      EXPECT_NEAR(arrays.at("logp").values[row], exact(row), bound);
      if (how == "--probe one.npy")
        EXPECT_TRUE(std::isinf(trace));
      else
        EXPECT_LT(trace, 1e-6);
    }
    EXPECT_EQ(outcome.json()["error"]["trace"].is_null(), how == "--probe one.npy");
  }
  Outcome const gaussian =
      run(folder.path(), likelihood +
                             "--points x.npy --out l.npz --divergence hutchinson "
                             "--probe-law gaussian --probes 4 --seed 2");
  ASSERT_EQ(gaussian.status, 0) << gaussian.err;
  EXPECT_GT(read_npz(folder / "l.npz").at("error_trace").values[0], 1e-3);
}

TEST(LikelihoodCommand, WritesLogDensitiesAloneAsNpy) {
  TemporaryFolder const folder;
  write(folder / "x.npy", points, {3, 2});
  ASSERT_EQ(run(folder.path(), likelihood + "--points x.npy --out l.npy --quiet").status, 0);
  std::vector<double> const logp = read_npy_list(folder / "l.npy");
  ASSERT_EQ(logp.size(), 3U);
  EXPECT_NEAR(logp[2], exact(2), 0.1);  // it lies far out, where the prior is a little off
}

TEST(LikelihoodCommand, CanDrawItsPoints) {
  TemporaryFolder const folder;
  Outcome const outcome =
      run(folder.path(), likelihood + "--samples 50 --seed 3 --out l.npz --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["seed"], 3);
  auto const arrays = read_npz(folder / "l.npz");
  EXPECT_EQ(arrays.at("points").shape, (std::vector<std::int64_t>{50, 2}));
  EXPECT_EQ(arrays.at("logp").values.size(), 50U);
}

TEST(LikelihoodCommand, TakesNoPoints) {
  TemporaryFolder const folder;
  write(folder / "x.npy", {}, {0, 2});
  Outcome const outcome = run(folder.path(), likelihood + "--points x.npy --out l.npz --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["points"], 0);
  EXPECT_EQ(read_npz(folder / "l.npz").at("z").shape, (std::vector<std::int64_t>{0, 2}));
}

TEST(LikelihoodCommand, AddsProbesUntilTheIntervalIsAsNarrowAsWanted) {
  TemporaryFolder const folder;
  write(folder / "x.npy", points, {3, 2});
  std::string const line = likelihood +
                           "--points x.npy --out l.npz --json --divergence hutchinson --seed 4 "
                           "--half-width 0.2 ";
  Outcome const reached = run(folder.path(), line);
  ASSERT_EQ(reached.status, 0) << reached.err;
  EXPECT_EQ(reached.json()["short_of_half_width"], 0);
  auto const arrays = read_npz(folder / "l.npz");
  for (std::size_t row = 0; row < 3; ++row) {
    EXPECT_LE(arrays.at("half_width").values[row], 0.2);
    EXPECT_GT(arrays.at("probes").values[row], 8);
  }
  Outcome const short_of = run(folder.path(), line + "--max-probes 8");
  ASSERT_EQ(short_of.status, 0) << short_of.err;
  EXPECT_EQ(short_of.json()["short_of_half_width"], 3);
  EXPECT_GT(short_of.json()["half_width"]["max"].get<double>(), 0.2);
  // An interval of 8 probes is not trusted, however narrow.
  Outcome const wide = run(folder.path(), line + "--max-probes 8 --confidence 0.01");
  ASSERT_EQ(wide.status, 0) << wide.err;
  EXPECT_LT(wide.json()["half_width"]["max"].get<double>(), 0.2);
  EXPECT_EQ(wide.json()["short_of_half_width"], 3);
}

TEST(LikelihoodCommand, ComesBackAndCorrectsTheTruncation) {
  TemporaryFolder const folder;
  write(folder / "x.npy", points, {3, 2});
  Outcome const outcome = run(folder.path(), likelihood +
                                                 "--points x.npy --out l.npz --json --round-trip "
                                                 "--rtol 1e-10 --atol 1e-10 --from 1e-3 "
                                                 "--truncation corrected");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_LT(outcome.json()["round_trip"]["max"].get<double>(), 1e-7);  // N22
  auto const arrays = read_npz(folder / "l.npz");
  for (std::size_t row = 0; row < 3; ++row) {
    auto const at = [&](char const* name) { return arrays.at(name).values[row]; };
    EXPECT_NEAR(at("logp"), exact(row), at("error"));
    EXPECT_DOUBLE_EQ(at("logp"), at("prior_logp") + at("delta_logp") + at("correction"));
    EXPECT_LT(at("error_truncation"), 0.05 * std::abs(at("correction")));
  }
}

TEST(LikelihoodCommand, ReachesAHalfWidthWithHutchPPOrSaysHowFarItGot) {
  TemporaryFolder const folder;
  std::string const line =
      "likelihood --target mixture-10 --sde vp --samples 20 --seed 4 --out l.npz --json "
      "--divergence hutch++ --half-width ";
  Outcome const reached = run(folder.path(), line + "0.5");
  ASSERT_EQ(reached.status, 0) << reached.err;
  EXPECT_EQ(reached.json()["short_of_half_width"], 0);
  EXPECT_LE(reached.json()["half_width"]["max"].get<double>(), 0.5);
  double const evaluations = reached.json()["evaluations"];
  Outcome const limited = run(folder.path(), line + "1e-6 --max-evaluations " +
                                                 std::to_string(static_cast<int>(3 * evaluations)));
  ASSERT_EQ(limited.status, 0) << limited.err;
  auto const report = limited.json();
  EXPECT_EQ(report["short_of_half_width"], 20);
  EXPECT_EQ(report["half_width"]["wanted"], 1e-6);
  auto const arrays = read_npz(folder / "l.npz");
  for (std::size_t row = 0; row < 20; ++row) {
    EXPECT_GT(arrays.at("half_width").values[row], 1e-6);
    EXPECT_LT(arrays.at("half_width").values[row], 0.5);
    // The last round may take more than the one before it, by which it was judged.
    EXPECT_LE(arrays.at("evaluations").values[row], 4 * evaluations);
  }
}

struct Refusal {
  std::string words, in_message;
  int status = 2;
};

TEST(LikelihoodCommand, RefusesWhatDoesNotGoTogether) {
  TemporaryFolder const folder;
  write(folder / "x.npy", points, {3, 2});
  write(folder / "wide.npy", points, {2, 3});
  write(folder / "e.npy", {1, 1}, {1, 2});
  std::string const start = "likelihood --target gaussian:dimension=2 --out l.npz ";
  for (Refusal const& refusal : std::vector<Refusal>{
           {"--sde vp", "--points is missing"},
           {"--sde vp --points wide.npy", "wide.npy"},
           {"--sde vp --points missing.npy", "missing.npy", 1},
           {"--sde ddpm --points x.npy", "'ddpm'"},
           {"--sde vp --points x.npy --solver dopri6", "did you mean 'dopri5'?"},
           {"--sde vp --points x.npy --solver heun", "--steps"},
           {"--sde vp --points x.npy --solver euler-maruyama --steps 9", "stochastic"},
           {"--sde vp --points x.npy --divergence exakt", "did you mean 'exact'?"},
           {"--sde vp --points x.npy --probes 4", "--probes"},
           {"--sde vp --points x.npy --divergence hutchinson --probes 0", "--probes"},
           {"--sde vp --points x.npy --divergence hutchinson --probe e.npy", "e.npy"},
           {"--sde vp --points x.npy --rtol 0", "--rtol"},
           {"--sde vp --points x.npy --error 0", "--error"},
           {"--sde vp --points x.npy --error 1e-3 --solver ddim --steps 9", "--error"},
           {"--sde vp --points x.npy --error 1e-3 --rtol 1e-3", "--rtol"},
           {"--sde vp --points x.npy --error 1e-3 --solver dopri5", "adaptive"},
           {"--sde vp --points x.npy --error 1e-3 --solver ancestral", "stochastic"},
           {"--sde vp --points x.npy --error 1e-3 --divergence hutchinson", "exact divergence"},
           {"--sde vp --points x.npy --half-width 1", "--half-width"},
           {"--sde vp --points x.npy --divergence hutchinson --half-width 0", "--half-width"},
           {"--sde vp --points x.npy --divergence hutchinson --half-width nan", "--half-width"},
           {"--sde vp --points x.npy --divergence hutchinson --confidence 0.9", "--half-width"},
           {"--sde vp --points x.npy --divergence hutchinson --half-width 1 --confidence 1",
            "confidence"},
           {"--sde vp --points x.npy --divergence hutchinson --half-width 1 --max-probes 1",
            "--max-probes"},
           {"--sde vp --points x.npy --truncation corected", "did you mean 'corrected'?"},
           {"--sde vp --points x.npy --checkpoint l.npz", "one file"},
           {"--sde vp --points x.npy --checkpoint x.npy", "x.npy", 1},
           {"--sde vp --points x.npy --atol nan", "--atol"},
           {"--sde vp --points x.npy --rtol -1", "--rtol"},
           {"--sde vp --points x.npy --from 0.5 --to 0.5", "--from"},
           {"--sde vp --points x.npy --from 2", "--from"},
           {"--sde vp --points x.npy --max-evaluations 10", "max-steps", 1}}) {
    Outcome const outcome = run(folder.path(), start + refusal.words);
    EXPECT_EQ(outcome.status, refusal.status) << refusal.words << ": " << outcome.err;
    EXPECT_NE(outcome.err.find(refusal.in_message), std::string::npos)
        << refusal.words << ": " << outcome.err;
    EXPECT_FALSE(std::filesystem::exists(folder / "l.npz")) << refusal.words;
  }
}

}  // namespace
}  // namespace retrace::test
