// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/io/mixture_file.hpp>
#include <retrace/targets/registry.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace {
namespace {

/// A file of the test's own, removed at its end.
class TextFile {
 public:
  explicit TextFile(std::string_view text)
      : path_(std::filesystem::temp_directory_path() /
              ("retrace-mixture-" + std::to_string(::getpid()) + ".json")) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  TextFile(TextFile const&) = delete;
  TextFile& operator=(TextFile const&) = delete;
  ~TextFile() { std::filesystem::remove(path_); }
  [[nodiscard]] std::filesystem::path const& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

constexpr std::string_view good = R"({
  "weights": [0.25, 0.75],
  "means": [[0, 1.5], [-2e0, 3]],
  "covariances": [[[1, 0.5], [0.5, 2]], [[0.3, 0], [0, 0.4]]]
})";

TEST(MixtureFile, ReadsWeightsMeansAndCovariances) {
  TextFile const file(good);
  Mixture const m = read_mixture(file.path());
  EXPECT_EQ(m.dimension(), 2);
  EXPECT_EQ(m.components(), 2);
  EXPECT_EQ(m.shape(), CovarianceShape::full);
  EXPECT_EQ(m.weights()[1], 0.75);
  EXPECT_EQ(std::vector<double>(m.means().begin(), m.means().end()),
            (std::vector<double>{0, 1.5, -2, 3}));
  EXPECT_EQ(m.component_covariance(0), (std::vector<double>{1, 0.5, 0.5, 2}));
  EXPECT_EQ(m.component_covariance(1), (std::vector<double>{0.3, 0, 0, 0.4}));
}

TEST(MixtureFile, StandsWhereverATargetDoes) {
  TextFile const file(good);
  EXPECT_EQ(make_target(file.path().string()).mixture()->components(), 2);
}

TEST(MixtureFile, RefusesAnythingElseAndNamesFileAndField) {
  std::vector<std::pair<std::string_view, std::string_view>> const bad{
      {"", ""},
      {"[1, 2]", "holds no object"},
      {R"({"weights": [1], "means": [[0]]})", "covariances is missing"},
      {R"({"weights": [1], "covariances": [[[1]]]})", "means is missing"},
      {R"({"weights": [1], "means": [[0]], "covariances": [[[1]]], "mean": 1})", "'mean'"},
      {R"({"weights": [1], "weights": [1], "means": [[0]], "covariances": [[[1]]]})", "weights"},
      {R"({"weights": 1, "means": [[0]], "covariances": [[[1]]]})", "weights is not an array"},
      {R"({"weights": [], "means": [[0]], "covariances": [[[1]]]})", "weights is empty"},
      {R"({"weights": [1], "means": [[]], "covariances": [[[1]]]})", "means[0] is empty"},
      {R"({"weights": [1], "means": [0], "covariances": [[[1]]]})", "means[0] is not an array"},
      {R"({"weights": [true], "means": [[0]], "covariances": [[[1]]]})",
       "weights[0] is not a number"},
      {R"({"weights": [1], "means": [["0"]], "covariances": [[[1]]]})",
       "means[0][0] is not a number"},
      {R"({"weights": [1], "means": [[null]], "covariances": [[[1]]]})", "means[0][0]"},
      {R"({"weights": [1], "means": [[1e999]], "covariances": [[[1]]]})", ""},
      {R"({"weights": [1], "means": [[NaN]], "covariances": [[[1]]]})", ""},
      {R"({"weights": [0.5, 0.5], "means": [[0]], "covariances": [[[1]], [[1]]]})", "means has 1"},
      {R"({"weights": [0.5, 0.5], "means": [[0, 0], [1]], "covariances": [[[1]], [[1]]]})",
       "means[1] has 1"},
      {R"({"weights": [1], "means": [[0, 0]], "covariances": [[[1]]]})", "covariances[0] has 1"},
      {R"({"weights": [1], "means": [[0, 0]], "covariances": [[[1, 0], [0, 1, 0]]]})",
       "covariances[0][1] has 3"},
      {R"({"weights": [1], "means": [[0]], "covariances": [1]})", "covariances[0] is not an array"},
      {R"({"weights": [1], "means": [[0]], "covariances": [[[[1]]]]})", "covariances[0][0][0]"},
      {R"({"weights": [0.6], "means": [[0]], "covariances": [[[1]]]})", "weights sum to 0.6"},
      {R"({"weights": [1.5, -0.5], "means": [[0], [1]], "covariances": [[[1]], [[1]]]})",
       "weights[1] is -0.5"},
      {R"({"weights": [1], "means": [[0, 0]], "covariances": [[[1, 0.5], [0.4, 1]]]})",
       "covariances[0] is not symmetric"},
      {R"({"weights": [1], "means": [[0, 0]], "covariances": [[[1, 2], [2, 1]]]})",
       "covariances[0] is not positive definite"},
      {R"({"weights": [1], "means": [[0]], "covariances": [[[1]]]} x)", ""},
      {R"({"weights": [1], "means": [[0]], "covariances": [[[1]]])", ""},
  };
  for (auto const& [text, part] : bad) {
    TextFile const file(text);
    try {
      (void)read_mixture(file.path());
      ADD_FAILURE() << "accepted: " << text;
    } catch (Error const& e) {
      std::string const message = e.what();
      EXPECT_EQ(e.fault(), Fault::file) << text;
      EXPECT_NE(message.find(file.path().string()), std::string::npos) << message;
      EXPECT_NE(message.find(part), std::string::npos) << message << "\nfor " << text;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    }
  }
}

TEST(MixtureFile, RefusesAFileThatIsNotThere) {
  EXPECT_THROW((void)read_mixture("no/such/file.json"), Error);
}

}  // namespace
}  // namespace retrace
