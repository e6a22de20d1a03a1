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

void write(std::filesystem::path const& path, std::vector<double> const& x, std::int64_t columns) {
  std::array const shape{static_cast<std::int64_t>(x.size()) / columns, columns};
  write_npy<double>(path, x.data(), shape);
}

std::string const score = "score --target gaussian:dimension=2 --sde vp ";

TEST(ScoreCommand, MatchesTheClosedFormOfAGaussian) {
  TemporaryFolder const folder;
  std::vector<double> const x{0, 0, 1, -1, 0.3, 12};
  write(folder / "x.npy", x, 2);
  for (double const t : {0.0, 0.5, 1.0}) {
    Outcome const outcome =
        run(folder.path(), score + "--points x.npy --out s.npz --json --t " + std::to_string(t));
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    auto const report = outcome.json();
    EXPECT_EQ(report["points"], 3);
    EXPECT_EQ(report["dimension"], 2);
    EXPECT_EQ(report["out"], "s.npz");
    EXPECT_DOUBLE_EQ(report["t"], t);

    double const alpha = std::exp(-(0.1 * t + 19.9 * t * t / 2) / 2);
    double const variance = alpha * alpha * 0.64 + (1 - alpha * alpha);
    auto const arrays = read_npz(folder / "s.npz");
    ASSERT_EQ(arrays.size(), 4U);
    EXPECT_EQ(arrays.at("score").shape, (std::vector<std::int64_t>{3, 2}));
    EXPECT_EQ(arrays.at("denoised").shape, (std::vector<std::int64_t>{3, 2}));
    EXPECT_EQ(arrays.at("divergence").shape, (std::vector<std::int64_t>{3}));
    EXPECT_EQ(arrays.at("logp").shape, (std::vector<std::int64_t>{3}));
    for (std::size_t i = 0; i < 3; ++i) {
      double square = 0;
      for (std::size_t c = 0; c < 2; ++c) {
        double const away = x[2 * i + c] - alpha;
        square += away * away;
        EXPECT_NEAR(arrays.at("score").values[2 * i + c], -away / variance, 1e-12);
        EXPECT_NEAR(arrays.at("denoised").values[2 * i + c], 1 + alpha * 0.64 / variance * away,
                    1e-12);
      }
      EXPECT_NEAR(arrays.at("divergence").values[i], -2 / variance, 1e-12);
      EXPECT_NEAR(arrays.at("logp").values[i],
                  -square / (2 * variance) - std::log(2 * std::numbers::pi * variance), 1e-11);
    }
  }
}

TEST(ScoreCommand, TakesAMixtureFileAndFloatPoints) {
  TemporaryFolder const folder;
  put(folder / "m.json",
      R"({"weights": [0.5, 0.5], "means": [[-1], [1]], "covariances": [[[1]], [[1]]]})");
  put(folder / "x.npy", npy_bytes(npy_dict("<f4", "(1, 1)"), raw(std::vector<float>{0})));
  Outcome const outcome =
      run(folder.path(), "score --target m.json --sde edm --t 0 --points x.npy --out s.npz");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  auto const arrays = read_npz(folder / "s.npz");
  EXPECT_NEAR(arrays.at("score").values[0], 0, 1e-15);
  EXPECT_NEAR(arrays.at("divergence").values[0], 0, 1e-15);  // -1 + the spread of the means, 1
  EXPECT_NEAR(arrays.at("logp").values[0], -0.5 - std::log(2 * std::numbers::pi) / 2, 1e-15);
}

TEST(ScoreCommand, CanDrawItsPoints) {
  TemporaryFolder const folder;
  Outcome const outcome =
      run(folder.path(), score + "--t 0.1 --samples 50 --seed 3 --out s.npz --json");
  EXPECT_EQ(outcome.json()["seed"], 3);
  auto const arrays = read_npz(folder / "s.npz");
  EXPECT_EQ(arrays.at("points").shape, (std::vector<std::int64_t>{50, 2}));
  EXPECT_EQ(arrays.at("logp").shape, (std::vector<std::int64_t>{50}));
  write(folder / "x.npy", arrays.at("points").values, 2);
  ASSERT_EQ(run(folder.path(), score + "--t 0.1 --points x.npy --out again.npz").status, 0);
  EXPECT_EQ(read_npz(folder / "again.npz").at("score").values, arrays.at("score").values);
}

TEST(ScoreCommand, ScoresNoPoints) {
  TemporaryFolder const folder;
  write(folder / "x.npy", {}, 2);
  Outcome const outcome = run(folder.path(), score + "--t 0.1 --points x.npy --out s.npz --json");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["points"], 0);
  EXPECT_EQ(read_npz(folder / "s.npz").at("score").shape, (std::vector<std::int64_t>{0, 2}));
}

TEST(ScoreCommand, RefusesWhatDoesNotFit) {
  TemporaryFolder const folder;
  write(folder / "x.npy", {1, 2, 3}, 3);
  write(folder / "far.npy", {0, 0, 1e300, 0}, 2);
  put(folder / "bad.npy", "no numpy");
  put(folder / "nan.npy",
      npy_bytes(npy_dict("<f8", "(1, 2)"), raw(std::vector<double>{0, std::nan("")})));
  std::string const rest = "--t 0.5 --out s.npz --points ";
  expect_refusal(folder, score + rest + "x.npy", 2, {"x.npy", "[1, 3]", "[n, 2]"});
  expect_refusal(folder, score + rest + "bad.npy", 1, {"bad.npy"});
  expect_refusal(folder, score + rest + "nan.npy", 1, {"nan.npy", "row 0"});
  expect_refusal(folder, score + rest + "none.npy", 1, {"none.npy"});
  expect_refusal(folder, score + rest + "far.npy", 1, {"point 1", "finite"});
  expect_refusal(folder, score + "--t 0.5 --out s.npz", 2, {"--points is missing"});
  expect_refusal(folder, score + "--t 2 --points x.npy --out s.npz", 2, {"--t", "[0, 1]"});
  expect_refusal(folder, score + "--t 0.5 --points x.npy --samples 3 --out s.npz", 2, {"--points"});
  expect_refusal(folder, score + "--t 0.5 --samples 1000000000000000 --out s.npz", 1, {"memory"});
  expect_refusal(folder, score + "--t 0.5 --samples 3 --out no/s.npz", 1, {"no/s.npz"});
}

TEST(ScoreCommand, WritesTheSpoiledScoreAndNoDensity) {
  TemporaryFolder const folder;
  write(folder / "x.npy", {0, 0, 1, -1, 0.3, 12}, 2);
  std::string const line = score + "--points x.npy --json --t 0.5 --out ";
  ASSERT_EQ(run(folder.path(), line + "exact.npz").status, 0);
  Outcome const outcome =
      run(folder.path(), line + "off.npz --score-error bias:size=0.2,scale=absolute,seed=4");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["score_error"], "bias:size=0.2,scale=absolute,seed=4");
  auto const exact = read_npz(folder / "exact.npz"), off = read_npz(folder / "off.npz");
  EXPECT_FALSE(off.contains("logp"));
  EXPECT_EQ(off.at("divergence").values, exact.at("divergence").values);
  double const alpha = std::exp(-(0.1 * 0.5 + 19.9 * 0.25 / 2) / 2);
  for (std::size_t i = 0; i < 6; i += 2) {
    double length = 0;
    for (std::size_t c = i; c < i + 2; ++c) {
      double const error = off.at("score").values[c] - exact.at("score").values[c];
      length += error * error;
      EXPECT_NEAR(off.at("denoised").values[c] - exact.at("denoised").values[c],
                  (1 - alpha * alpha) / alpha * error, 1e-12);
    }
    EXPECT_NEAR(std::sqrt(length), 0.2 * std::numbers::sqrt2, 1e-12);
  }
  expect_refusal(folder, score + "--points x.npy --t 0 --out s.npz --score-error field", 2,
                 {"--score-error", "sigma is 0"});
}

}  // namespace
}  // namespace retrace::test
