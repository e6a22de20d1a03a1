// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/adaptive_result.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>

#include <limits>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

TEST(Tolerance, TakesNumbersUpToOneAndNamesTheOneThatIsWrong) {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  double const infinity = std::numeric_limits<double>::infinity();
  for (double const good : {1e-300, 1e-5, 1.0})
    EXPECT_NO_THROW((Tolerance{.rtol = good, .atol = good}.check())) << good;
  for (double const bad : {nan, infinity, -infinity, 0.0, -1e-6, 1.0000001}) {
    EXPECT_TRUE(contains(argument_error([&] { Tolerance{.rtol = bad}.check(); }), "--rtol")) << bad;
    EXPECT_TRUE(contains(argument_error([&] { Tolerance{.atol = bad}.check(); }), "--atol")) << bad;
  }
}

}  // namespace
}  // namespace retrace
