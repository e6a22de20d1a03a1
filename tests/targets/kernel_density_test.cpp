// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/targets/kernel_density.hpp>

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <functional>
#include <limits>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace retrace {
namespace {

using Vector = std::vector<double>;

TEST(KernelDensity, IsTheMeanOfTheKernels) {
  Vector const rows{0, 0, 1, 2, -3, 0.5, 1, 2};  // one of them twice
  Mixture const m = kernel_density(rows, 2, 0.3);
  ASSERT_EQ(m.components(), 4);
  EXPECT_EQ(m.shape(), CovarianceShape::isotropic);
  for (Vector const& x : {Vector{0.1, 0.2}, Vector{1, 1.5}, Vector{-2, 0}}) {
    double sum = 0;
    for (std::size_t i = 0; i < rows.size(); i += 2) {
      double const a = (x[0] - rows[i]) / 0.3, b = (x[1] - rows[i + 1]) / 0.3;
      sum += std::exp(-(a * a + b * b) / 2) / (4 * 2 * std::numbers::pi * 0.09);
    }
    EXPECT_NEAR(m.at(NoiseLevel::clean(0)).log_density(x), std::log(sum), 1e-12);
  }
}

TEST(KernelDensity, TakesAsManyRowsAsItStates) {
  Vector rows(std::size_t{131'072}, 0.0);
  for (std::size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<double>(i % 1000);
  EXPECT_EQ(kernel_density(rows, 1, 1).components(), 131'072);
  rows.push_back(0);
  EXPECT_THROW((void)kernel_density(rows, 1, 1), Error);
}

TEST(KernelDensity, RefusesWhatIsNoTargetAndSaysWhy) {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  std::vector<std::pair<std::function<void()>, std::string>> const all{
      {[] { (void)kernel_density({}, 2, 1); }, "data set of 0 rows"},
      {[] {
         (void)kernel_density({1, 2}, 2, 1);
       },
       "data set of 1 row is no target; it takes at"},
      {[&] {
         (void)kernel_density({1, 2, 3, nan}, 2, 1);
       },
       "row 1, column 1"},
      {[] {
         (void)kernel_density({1, 2}, 1, 0);
       },
       "bandwidth cannot be 0"},
      {[] {
         (void)kernel_density({1, 2}, 1, -1);
       },
       "bandwidth cannot be -1"},
      {[&] {
         (void)kernel_density({1, 2}, 1, nan);
       },
       "bandwidth cannot be"},
      {[] {
         (void)kernel_density({1, 2}, 1, 1e7);
       },
       "bandwidth cannot be"},
      {[] { (void)kernel_density(Vector((std::size_t{1} << 24) + 4096), 4096, 1); }, "16777216"},
  };
  for (auto const& [action, part] : all) try {
      action();
      ADD_FAILURE() << "accepted: " << part;
    } catch (Error const& e) {
      EXPECT_EQ(e.fault(), Fault::argument);
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    }
}

}  // namespace
}  // namespace retrace
