// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/targets/data_set.hpp>
#include <retrace/targets/registry.hpp>

#include <gtest/gtest.h>
#include <io/support/files.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace retrace {
namespace {

class DataSet : public ::testing::Test {
 protected:
  /// Writes [n, d] and gives the target's text up to the bandwidth.
  std::string file(std::vector<double> const& values, std::int64_t n, std::int64_t d) {
    std::int64_t const shape[] = {n, d};
    write_npy(folder_ / "rows.npy", values.data(), shape);
    return "data:file=" + (folder_ / "rows.npy").string();
  }

  test::TemporaryFolder folder_;
};

struct Refusal {
  Fault fault;
  std::string message;
};

std::optional<Refusal> refusal(std::string const& text) {
  try {
    (void)make_target(text);
  } catch (Error const& e) {
    return Refusal{e.fault(), e.what()};
  }
  return {};
}

void expect_refusal(std::string const& text, Fault fault, std::string const& part) {
  auto const refused = refusal(text);
  ASSERT_TRUE(refused) << text;
  EXPECT_EQ(refused->fault, fault) << refused->message;
  EXPECT_NE(refused->message.find(part), std::string::npos) << refused->message;
}

TEST_F(DataSet, IsAMixtureAroundTheRowsOfTheFile) {
  std::string const text = file({0, 0.5, 1, 2, -3, 0.25}, 3, 2);
  for (std::string const& target :
       {text + ",bandwidth=0.1", "data:bandwidth=0.1," + text.substr(5)}) {
    Mixture const m = *make_target(target).mixture();
    EXPECT_EQ(m.dimension(), 2);
    EXPECT_EQ(m.shape(), CovarianceShape::isotropic);
    EXPECT_EQ(std::vector<double>(m.means().begin(), m.means().end()),
              (std::vector<double>{0, 0.5, 1, 2, -3, 0.25}));
    EXPECT_EQ(m.weights()[2], 1.0 / 3);
    EXPECT_EQ(m.variances()[1], 0.1 * 0.1);
  }
}

TEST_F(DataSet, ContentIsTheFaultOfTheFile) {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  expect_refusal(file({1, 2}, 1, 2) + ",bandwidth=0.1", Fault::file,
                 "rows.npy': a data set of 1 row");
  expect_refusal(file({}, 0, 2) + ",bandwidth=0.1", Fault::file, "a data set of 0 rows");
  expect_refusal(file({1, 2, nan, 4}, 2, 2) + ",bandwidth=0.1", Fault::file, "its row 1");
  expect_refusal(file(std::vector<double>(131'073), 131'073, 1) + ",bandwidth=0.1", Fault::file,
                 "at most 131072 rows");
  expect_refusal("data:file=no/such/rows.npy,bandwidth=0.1", Fault::file, "rows.npy");
}

TEST_F(DataSet, OptionsAreTheFaultOfTheCaller) {
  std::string const text = file({1, 2, 3, 4}, 2, 2);
  for (char const* bandwidth : {"0", "-0.1", "nan", "inf", "1e-300", "wide", ""})
    expect_refusal(text + ",bandwidth=" + bandwidth, Fault::argument, "bandwidth cannot be");
  expect_refusal(text, Fault::argument, "target 'data' has no bandwidth");
  expect_refusal("data", Fault::argument, "target 'data' has no file");
  expect_refusal("data:bandwidth=0.1", Fault::argument, "target 'data' has no file");
  expect_refusal(text + ",bandwith=0.1", Fault::argument, "did you mean 'bandwidth'?");
  expect_refusal(text + ",file=a.npy", Fault::argument, "given twice");
}

}  // namespace
}  // namespace retrace
