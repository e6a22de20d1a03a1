// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include <retrace/io/npy.hpp>
#include <retrace/io/npz.hpp>

#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace retrace::test {
namespace {

constexpr int bits = 4;
constexpr double low = -4, high = 6;
double const offset = 2 * std::log((high - low) / (1 << bits));
std::string const line =
    "likelihood --target gaussian:dimension=2 --sde vp --points x.npy --integers 4 --scale -4,6 "
    "--seed 7 --json ";

/// Integers where the law of that target, N(1, 0.64 I), is not negligible.
std::vector<double> integers() {
  std::vector<double> all;
  for (int i = 5; i < 12; ++i)
    for (int j = 5; j < 12; ++j) {
      all.push_back(i);
      all.push_back(j);
    }
  return all;
}
constexpr std::size_t n = 49;

/// log of what the law gives to a cell: what is bounded.
double exact(double i, double j) {
  auto const below = [](double x) {
    double const y = low + (high - low) * x / (1 << bits);
    return 0.5 * std::erfc(-(y - 1) / (0.8 * std::numbers::sqrt2));
  };
  return std::log(below(i + 1) - below(i)) + std::log(below(j + 1) - below(j));
}

double mean(std::vector<double> const& values) {
  double sum = 0;
  for (double const value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void write_integers(std::filesystem::path const& path) {
  std::vector<double> const x = integers();
  write_npy<double>(path, x.data(), std::vector<std::int64_t>{n, 2});
}

TEST(LikelihoodOfIntegers, BoundsTheirProbabilityTheTighterTheMoreDraws) {
  TemporaryFolder const folder;
  std::vector<double> const x = integers();
  write_integers(folder / "x.npy");
  std::vector<double> gaps;
  for (std::size_t const draws : {1U, 8U, 64U}) {
    Outcome const outcome =
        run(folder.path(), line + "--out l.npz --draws " + std::to_string(draws));
    ASSERT_EQ(outcome.status, 0) << outcome.err;
    auto const report = outcome.json();
    EXPECT_EQ(report["points"], n);
    EXPECT_EQ(report["integers"]["draws"], draws);
    EXPECT_EQ(report["integers"]["bound"], "importance-weighted");
    EXPECT_NEAR(report["integers"]["offset_bits_per_dimension"].get<double>(),
                offset / (2 * std::numbers::ln2), 1e-12);
    auto const arrays = read_npz(folder / "l.npz");
    auto const& bounds = arrays.at("log_probability").values;
    auto const& logp = arrays.at("logp").values;
    auto const& y = arrays.at("points").values;
    ASSERT_EQ(bounds.size(), n);
    ASSERT_EQ(y.size(), 2 * n * draws);
    double gap = 0;
    for (std::size_t row = 0; row < n; ++row) {
      double sum = 0;
      for (std::size_t k = row * draws; k < (row + 1) * draws; ++k) {
        sum += std::exp(logp[k]) / static_cast<double>(draws);
        for (std::size_t c = 0; c < 2; ++c)
          EXPECT_EQ(std::floor((y[2 * k + c] - low) / (high - low) * (1 << bits)), x[2 * row + c]);
      }
      EXPECT_NEAR(bounds[row], std::log(sum) + offset, 1e-9);
      gap += (exact(x[2 * row], x[2 * row + 1]) - bounds[row]) / n;
    }
    EXPECT_NEAR(report["mean_log_probability"].get<double>(), mean(bounds), 1e-12);
    EXPECT_NEAR(report["bits_per_dimension"].get<double>(), -mean(bounds) / (2 * std::numbers::ln2),
                1e-12);
    gaps.push_back(gap);
  }
  EXPECT_GT(gaps[0], gaps[1]);
  EXPECT_GT(gaps[0], 0.05);
  EXPECT_NEAR(gaps[2], 0, 0.05);
}

TEST(LikelihoodOfIntegers, TakesTheMeanWhereEachLogDensityIsAnEstimate) {
  TemporaryFolder const folder;
  write_integers(folder / "x.npy");
  std::string const estimated = line + "--divergence hutchinson --probe-law gaussian --draws 3 ";
  Outcome const outcome = run(folder.path(), estimated + "--out l.npz");
  ASSERT_EQ(outcome.status, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["integers"]["bound"], "mean");
  auto const arrays = read_npz(folder / "l.npz");
  auto const& logp = arrays.at("logp").values;
  auto const& bounds = arrays.at("log_probability").values;
  ASSERT_EQ(logp.size(), 3 * n);
  for (std::size_t row = 0; row < n; ++row)
    EXPECT_NEAR(bounds[row], (logp[3 * row] + logp[3 * row + 1] + logp[3 * row + 2]) / 3 + offset,
                1e-12);
  ASSERT_EQ(run(folder.path(), estimated + "--out l.npy").status, 0);
  EXPECT_EQ(read_npy_list(folder / "l.npy"), bounds);
}

TEST(LikelihoodOfIntegers, ReadsIntegersOfAnyType) {
  TemporaryFolder const folder;
  std::vector<double> const x{5, 6, 11, 9};
  write_npy<double>(folder / "x.npy", x.data(), std::vector<std::int64_t>{2, 2});
  ASSERT_EQ(run(folder.path(), line + "--out floats.npz").status, 0);
  put(folder / "x.npy", npy_bytes(npy_dict("|u1", "(2, 2)"), "\5\6\13\11"));
  ASSERT_EQ(run(folder.path(), line + "--out bytes.npz").status, 0);
  EXPECT_EQ(read_npz(folder / "floats.npz").at("log_probability").values,
            read_npz(folder / "bytes.npz").at("log_probability").values);
  // Without --integers they are no points.
  expect_refusal(folder, "likelihood --target gaussian --sde vp --points x.npy --out l.npz", 1,
                 {"x.npy", "'|u1'"});
}

TEST(LikelihoodOfIntegers, RefusesWhatIsNone) {
  TemporaryFolder const folder;
  auto const refused = [&](std::vector<double> const& x, std::string const& reason) {
    write_npy<double>(folder / "x.npy", x.data(), std::vector<std::int64_t>{2, 2});
    expect_refusal(folder, line + "--out l.npz", 2, {"--points 'x.npy'", reason});
  };
  refused({1, 2, 3, 16}, "row 1, component 1 of the data is 16");
  refused({1, -1, 3, 4}, "row 0, component 1 of the data is -1");
  refused({1, 2, 3.5, 4}, "an integer from 0 to 15");
  std::string const start = "likelihood --target gaussian --sde vp --out l.npz ";
  for (auto const& [words, reason] : std::vector<std::pair<std::string, std::string>>{
           {"--points x.npy --draws 2", "--integers is missing"},
           {"--points x.npy --scale 0,1", "--integers is missing"},
           {"--points x.npy --integers 0", "--integers"},
           {"--points x.npy --integers 17", "--integers"},
           {"--points x.npy --integers 8 --draws 0", "--draws"},
           {"--points x.npy --integers 8 --scale 1,0", "in order"},
           {"--points x.npy --integers 8 --scale 1", "--scale"},
           {"--points x.npy --integers 8 --scale 0,nan", "--scale"},
           {"--samples 4 --integers 8", "exclude each other"}})
    expect_refusal(folder, start + words, 2, {reason});
}

}  // namespace
}  // namespace retrace::test
