// SPDX-License-Identifier: Apache-2.0
#include "check_sample.hpp"
#include "line_mixture.hpp"
#include "sorted_projections.hpp"

#include <retrace/metrics/directions.hpp>
#include <retrace/metrics/kolmogorov_smirnov.hpp>

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace retrace {
namespace {

/// sup |F_n - F| of ascending values. F and F_n both ascend, so that between two points the
/// distance is bounded by their ranks and probabilities: most stretches need not be looked into.
class Supremum {
 public:
  Supremum(std::span<double const> y, LineMixture const& law) : y_(y), law_(law) {
    double const first = look(0), last = look(y.size() - 1);
    search(0, first, y.size() - 1, last);
  }
  [[nodiscard]] double value() const { return value_; }

 private:
  [[nodiscard]] double rank(std::size_t count) const {
    return static_cast<double>(count) / static_cast<double>(y_.size());
  }
  double look(std::size_t i) {
    double const probability = law_.distribution(y_[i]);
    value_ = std::max({value_, probability - rank(i), rank(i + 1) - probability});
    return probability;
  }
  /// Strictly between points i and j, at which F is p and q.
  void search(std::size_t i, double p, std::size_t j, double q) {
    if (j - i < 2 || std::max(q - rank(i + 1), rank(j) - p) <= value_) return;
    std::size_t const middle = i + (j - i) / 2;
    double const between = look(middle);
    search(i, p, middle, between);
    search(middle, between, j, q);
  }

  std::span<double const> y_;
  LineMixture const& law_;
  double value_ = 0;
};

}  // namespace

Checked projected_kolmogorov_smirnov(std::span<double const> x, Mixture const& law,
                                     int direction_count) {
  std::vector<double> const all = directions(law.dimension(), direction_count);
  auto const d = static_cast<std::size_t>(law.dimension());
  check_sample(x, d);

  std::vector<double> suprema(all.size() / d);
  tbb::parallel_for(std::size_t{0}, suprema.size(), [&](std::size_t k) {
    auto const direction = std::span(all).subspan(k * d, d);
    LineMixture const line(law, direction);
    suprema[k] = Supremum(sorted_projections(x, direction, line.origin()), line).value();
  });

  std::size_t const rows = x.size() / d;
  auto const n = static_cast<double>(rows), count = static_cast<double>(suprema.size());
  return {*std::max_element(suprema.begin(), suprema.end()), 0,
          std::sqrt(std::log(2 * count / check_level) / (2 * n))};
}

}  // namespace retrace
