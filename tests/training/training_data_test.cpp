// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/targets/eight_gaussians.hpp>
#include <retrace/training/training_data.hpp>

#include <gtest/gtest.h>
#include <io/support/files.hpp>

#include <array>
#include <cmath>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

namespace retrace {
namespace {

/// Rows that can be told apart.
TrainingData numbered(int rows) {
  std::vector<double> x;
  for (int i = 0; i < rows; ++i) x.push_back(i);
  return {x, 1};
}

/// The numbers of the rows behind normalised values.
std::set<int> rows_behind(TrainingData const& data, std::vector<double> const& values) {
  std::set<int> rows;
  for (double const v : values)
    rows.insert(static_cast<int>(
        std::lround(data.normalisation().mean[0] + data.normalisation().std[0] * v)));
  return rows;
}

TEST(TrainingData, KeepsEveryTenthRowForValidation) {
  for (int const n : {2, 19, 20, 47}) {
    SCOPED_TRACE(n);
    TrainingData const data = numbered(n);
    std::vector<double> trained(5000), validated(5000);
    data.draw(1, 0, 0, 5000, trained);
    data.draw_for_validation(1, 0, validated);
    std::set<int> expected_trained, expected_validated;
    for (int i = 0; i < n; ++i) {
      bool const kept = n >= 20 && i % 10 == 9;
      if (!kept) expected_trained.insert(i);
      if (kept || n < 20) expected_validated.insert(i);
    }
    EXPECT_EQ(rows_behind(data, trained), expected_trained);
    EXPECT_EQ(rows_behind(data, validated), expected_validated);
  }
}

TEST(TrainingData, IsNormalised) {
  TrainingData const data({1, 5, 3, 5, 8, 5, 0, 5}, 2);
  EXPECT_EQ(data.normalisation().mean, (std::vector<double>{3, 5}));
  EXPECT_NEAR(data.normalisation().std[0], std::sqrt(38.0 / 4), 1e-14);
  EXPECT_EQ(data.normalisation().std[1], 1);
  EXPECT_EQ(data.deviation(), 1);
  EXPECT_THROW(TrainingData({1, 2}, 2), Error);
}

/// Rows whose first number is their own, with a class and a vector that follow from it.
std::vector<double> rows_of_three(int n) {
  std::vector<double> x;
  for (int i = 0; i < n; ++i) x.insert(x.end(), {double(i), std::sin(i), 1e4 + std::cos(i)});
  return x;
}

TEST(DataSet, HasTheSameBitsStreamedAndInMemory) {
  test::TemporaryFolder const folder;
  int const n = 60'000;  // three blocks
  std::vector<double> const x = rows_of_three(n);
  write_npy<double>(folder / "x.npy", x.data(), std::array<std::int64_t, 2>{n, 3});
  DataSet const memory(folder / "x.npy"), given(x, 3), streamed(folder / "x.npy", 1000);
  EXPECT_FALSE(memory.streamed());
  EXPECT_TRUE(streamed.streamed());
  for (DataSet const& other : {given, streamed}) {
    EXPECT_EQ(other.normalisation(), memory.normalisation());
    EXPECT_EQ(other.name(), memory.name());
  }
  std::vector<double> a(3), b(3);
  for (std::int64_t const row : {0, 1, 31'234, n - 1}) {
    memory.read(row, a);
    streamed.read(row, b);
    EXPECT_EQ(a, b);
  }
  std::vector<double> from_memory(3000), from_file(3000);
  TrainingData(memory).draw(1, 7, 0, 1000, from_memory);
  TrainingData(streamed).draw(1, 7, 0, 1000, from_file);
  EXPECT_EQ(from_memory, from_file);

  // Against sums in higher precision.
  for (std::size_t c = 0; c < 3; ++c) {
    long double sum = 0, squares = 0;
    for (std::size_t i = 0; i < std::size_t{n}; ++i) sum += x[3 * i + c];
    long double const mean = sum / n;
    for (std::size_t i = 0; i < std::size_t{n}; ++i)
      squares += (x[3 * i + c] - mean) * (x[3 * i + c] - mean);
    double const expected = double(sqrtl(squares / n));
    EXPECT_NEAR(memory.normalisation().mean[c], double(mean),
                1e-15 * std::abs(double(mean)) + 1e-13 * expected);
    EXPECT_NEAR(memory.normalisation().std[c], expected, 1e-12 * expected);
  }
}

TEST(DataSet, RefusesAFileThatIsCutWhileItIsUsed) {
  test::TemporaryFolder const folder;
  std::vector<double> const x = rows_of_three(1000);
  write_npy<double>(folder / "x.npy", x.data(), std::array<std::int64_t, 2>{1000, 3});
  DataSet const streamed(folder / "x.npy", 0);
  std::filesystem::resize_file(folder / "x.npy", 5000);
  std::vector<double> drawn(300);
  std::string const message =
      test::refusal([&] { TrainingData(streamed).draw(1, 0, 0, 100, drawn); });
  EXPECT_NE(message.find("became shorter"), std::string::npos) << message;
}

TEST(TrainingData, DrawsConditionsWithTheirRows) {
  int const n = 200;
  std::vector<std::int32_t> labels;
  std::vector<double> vectors;
  for (int i = 0; i < n; ++i) {
    labels.push_back(i % 3);
    vectors.insert(vectors.end(), {5.0 * i, -1.0 * i});
  }
  TrainingData const plain(rows_of_three(n), 3),
      classes = plain.with_labels(labels), continuous = plain.with_conditions(DataSet(vectors, 2));
  EXPECT_EQ(plain.conditions(), 0);
  EXPECT_EQ(classes.conditions(), 3);
  EXPECT_EQ(classes.condition_kind(), ConditionKind::of_class);
  EXPECT_EQ(continuous.conditions(), 2);
  EXPECT_EQ(continuous.condition_kind(), ConditionKind::vector);
  EXPECT_EQ(std::set<std::string>({plain.name(), classes.name(), continuous.name()}).size(), 3U);
  labels[7] = (labels[7] + 1) % 3;
  EXPECT_NE(plain.with_labels(labels).name(), classes.name());

  std::vector<double> x(300), alone(300), y(300), v(200);
  auto const number = [&](std::size_t i) {
    auto const& to_data = plain.normalisation();
    return std::lround(to_data.mean[0] + to_data.std[0] * x[3 * i]);
  };
  auto const check = [&] {
    for (std::size_t i = 0; i < 100; ++i) {
      for (long k = 0; k < 3; ++k) EXPECT_EQ(y[3 * i + std::size_t(k)], number(i) % 3 == k ? 1 : 0);
      Normalisation const& of = continuous.of_conditions();
      EXPECT_NEAR(of.mean[0] + of.std[0] * v[2 * i], 5.0 * double(number(i)), 1e-9);
      EXPECT_NEAR(of.mean[1] + of.std[1] * v[2 * i + 1], -1.0 * double(number(i)), 1e-9);
    }
    EXPECT_EQ(alone, x);
  };
  plain.draw(1, 4, 0, 100, alone);
  classes.draw(1, 4, 0, 100, x, y);
  continuous.draw(1, 4, 0, 100, x, v);
  check();
  plain.draw_for_validation(1, 0, alone);
  classes.draw_for_validation(1, 0, x, y);
  continuous.draw_for_validation(1, 0, x, v);
  check();
}

TEST(TrainingData, KnowsTheComponentsOfATarget) {
  TrainingData const data = TrainingData(eight_gaussians{}(), "eight-gaussians").with_components();
  ASSERT_EQ(data.conditions(), 8);
  std::vector<double> x(2000), y(8000);
  data.draw(1, 0, 0, 1000, x, y);
  Mixture const mixture = eight_gaussians{}();
  for (std::size_t i = 0; i < 1000; ++i) {
    std::size_t nearest = 0;
    double least = 1e300;
    for (std::size_t k = 0; k < 8; ++k) {
      double const distance =
          std::hypot(x[2 * i] - mixture.means()[2 * k], x[2 * i + 1] - mixture.means()[2 * k + 1]);
      if (distance < least) nearest = k, least = distance;
    }
    for (std::size_t k = 0; k < 8; ++k) EXPECT_EQ(y[8 * i + k], k == nearest ? 1 : 0);
  }
}

TEST(TrainingData, RefusesLabelsThatDoNotFit) {
  TrainingData const plain(rows_of_three(4), 3);
  auto const refused = [&](std::vector<std::int32_t> const& labels) {
    return test::refusal([&] { (void)plain.with_labels(labels); }, Fault::argument);
  };
  EXPECT_NE(refused({0, 1, 0}).find("3 labels for 4 rows"), std::string::npos);
  EXPECT_NE(refused({0, 1, 0, -1}).find("row 3 is -1"), std::string::npos);
  EXPECT_NE(refused({0, 1, 0, 1 << 20}).find("at most 16383"), std::string::npos);
  EXPECT_NE(refused({0, 3, 1, 1}).find("class 2 of 0 to 3 has no row"), std::string::npos);
  EXPECT_NE(test::refusal(
                [&] {
                  (void)plain.with_conditions(DataSet({1, 2, 3}, 1));
                },
                Fault::argument)
                .find("3 conditions for 4 rows"),
            std::string::npos);
}

TEST(TrainingData, IsDrawnByRowAndIteration) {
  for (TrainingData const& data :
       {numbered(50), TrainingData(eight_gaussians{}(), "eight-gaussians")}) {
    auto const d = static_cast<std::size_t>(data.dimension());
    std::vector<double> whole(100 * d), part(20 * d), next(100 * d);
    data.draw(1, 4, 0, 100, whole);
    data.draw(1, 4, 33, 100, part);
    data.draw(1, 5, 0, 100, next);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), whole.begin() + std::ptrdiff_t(33 * d)));
    EXPECT_NE(whole, next);
  }
}

}  // namespace
}  // namespace retrace
