// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/targets/eight_gaussians.hpp>
#include <retrace/training/training_data.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <set>
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
