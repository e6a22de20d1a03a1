// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/erfcx.hpp>

#include <boost/multiprecision/cpp_bin_float.hpp>
#include <gtest/gtest.h>
#include <support/exact_erfcx.hpp>

#include <cmath>
#include <limits>
#include <vector>

namespace retrace {
namespace {

using Exact = boost::multiprecision::number<boost::multiprecision::cpp_bin_float<50>,
                                            boost::multiprecision::et_off>;

/// Dense where the function bends, and on to numbers whose squares overflow.
std::vector<double> points() {
  std::vector<double> x{0, 1e-30, 1e-5, 1e3, 1e4, 1e8, 1e15, 1e30};
  for (int i = 1; i <= 3000; ++i) x.push_back(i * 0.01);
  for (double v = 30; v < 2e4; v *= 1.03) x.push_back(v);
  return x;
}

template <class T>
double largest_relative_error() {
  double worst = 0;
  for (double const at : points()) {
    T const x = static_cast<T>(at);
    Exact const exact = testing::exact_erfcx(Exact(x));
    Exact const error = (Exact(simd::erfcx(x)) - exact) / exact;
    worst = std::fmax(worst, std::abs(error.convert_to<double>()));
  }
  return worst;
}

TEST(Erfcx, HasARelativeErrorBelowTheStatedOne) {
  EXPECT_LE(largest_relative_error<float>(), 3e-7);
  EXPECT_LE(largest_relative_error<double>(), 7e-16);
}

TEST(Erfcx, KnowsBothEnds) {
  EXPECT_NEAR(simd::erfcx(0.0), 1, 3e-16);
  EXPECT_NEAR(simd::erfcx(0.f), 1, 1.5e-7f);
  EXPECT_EQ(simd::erfcx(std::numeric_limits<double>::infinity()), 0);
  EXPECT_EQ(simd::erfcx(std::numeric_limits<float>::infinity()), 0);
  EXPECT_TRUE(std::isnan(simd::erfcx(std::numeric_limits<double>::quiet_NaN())));
}

}  // namespace
}  // namespace retrace
