// SPDX-License-Identifier: Apache-2.0
#include <retrace/likelihood/probes.hpp>

#include <gtest/gtest.h>
#include <support/messages.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace retrace {
namespace {

using testing::argument_error;
using testing::contains;

TEST(Probes, ArePureFunctionsOfSeedSampleProbeAndComponent) {
  auto const at = [](Probes const& probes, std::uint64_t sample, std::size_t d) {
    std::vector<double> e(static_cast<std::size_t>(probes.count()) * d);
    probes.fill({.row = 0, .sample = sample}, e);
    return e;
  };
  for (std::size_t const d : {1U, 2U, 5U, 100U}) {
    auto const few = at(Probes::drawn(3, ProbeLaw::gaussian, 7), 11, d),
               many = at(Probes::drawn(9, ProbeLaw::gaussian, 7), 11, d),
               signs = at(Probes::drawn(3, ProbeLaw::rademacher, 7), 11, d);
    for (std::size_t i = 0; i < few.size(); ++i) {
      EXPECT_EQ(few[i], many[i]);
      EXPECT_EQ(signs[i], few[i] < 0 ? -1 : 1);
    }
    EXPECT_NE(few, at(Probes::drawn(3, ProbeLaw::gaussian, 8), 11, d));
    EXPECT_NE(few, at(Probes::drawn(3, ProbeLaw::gaussian, 7), 12, d));
    std::vector<double> sketch(d);
    draw_probe(ProbeLaw::gaussian, 7, 11, 0, 1, sketch);
    EXPECT_NE(sketch, std::vector<double>(few.begin(), few.begin() + static_cast<long>(d)));
  }
}

TEST(Probes, RefuseWhatTheyCannotBe) {
  for (int const count : {0, -1})
    EXPECT_TRUE(contains(argument_error([&] { (void)Probes::drawn(count); }), "probes cannot be"));
  auto const given = [](std::vector<double> values, int count, std::int64_t n, int d) {
    return argument_error([&] { (void)Probes::given(values, count, n, d); });
  };
  EXPECT_TRUE(contains(given({1, 2, 3}, 1, 2, 2), "hold 3 numbers; that is not [1][2][2]"));
  EXPECT_TRUE(contains(given({}, 0, 2, 2), "probes cannot be 0"));
  EXPECT_TRUE(contains(given({1, 2, 3, std::nan("")}, 2, 1, 2), "probe 1 of point 0 is not"));
  EXPECT_EQ(given({1, 2, 3, 4}, 2, 1, 2), "");
}

}  // namespace
}  // namespace retrace
