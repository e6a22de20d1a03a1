// SPDX-License-Identifier: Apache-2.0
#include "check_sample.hpp"
#include "line_mixture.hpp"
#include "sorted_projections.hpp"

#include <retrace/core/error.hpp>
#include <retrace/metrics/directions.hpp>
#include <retrace/metrics/sliced_wasserstein_2.hpp>

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numbers>
#include <vector>

namespace retrace {
namespace {

/// The integral of F_n^-1 F^-1 for ascending values: by parts over the ranks, minus the gaps times
/// the integrals L(p) of F^-1 to p (over all ranks it is zero). L is convex with slope F^-1, hence
/// between two ranks at most (difference of slopes) (difference of ranks) / 4 off its cubic; where
/// that is small no quantiles are looked for.
class QuantileProduct {
 public:
  QuantileProduct(std::span<double const> y, LineMixture const& law)
      : y_(y), law_(law), scale_(std::sqrt(law.variance())), n_(static_cast<double>(y.size())) {
    double const infinity = std::numeric_limits<double>::infinity();
    search({0, -infinity, 0}, {y.size(), infinity, 0});
  }
  [[nodiscard]] double value() const { return value_; }

 private:
  struct Rank {
    std::size_t i;
    double quantile, integral;
  };

  void add(std::size_t i, double integral) { value_ += (y_[i - 1] - y_[i]) * integral; }

  /// Ranks strictly between two.
  void search(Rank const& a, Rank const& b) {
    if (b.i - a.i < 2) return;
    double const width = static_cast<double>(b.i - a.i) / n_;
    if ((b.quantile - a.quantile) * width <= 3e-6 * scale_) {
      for (std::size_t i = a.i + 1; i < b.i; ++i) {
        double const s = static_cast<double>(i - a.i) / static_cast<double>(b.i - a.i), r = 1 - s;
        add(i, (1 + 2 * s) * r * r * a.integral + (1 + 2 * r) * s * s * b.integral +
                   width * s * r * (r * a.quantile - s * b.quantile));
      }
      return;
    }
    std::size_t const middle = a.i + (b.i - a.i) / 2;
    double guess = (a.quantile + b.quantile) / 2;
    if (!std::isfinite(guess)) guess = a.i > 0 ? a.quantile : b.i < y_.size() ? b.quantile : 0;
    auto const at = law_.quantile(static_cast<double>(middle) / n_, guess);
    Rank const found{middle, at.y, at.partial_mean};
    add(middle, at.partial_mean);
    search(a, found);
    search(found, b);
  }

  std::span<double const> y_;
  LineMixture const& law_;
  double scale_, n_, value_ = 0;
};

double squared_distance(std::span<double const> y, LineMixture const& law) {
  double squares = 0;
  for (double v : y) squares += v * v;
  squares /= static_cast<double>(y.size());
  return std::max(0.0, squares + law.variance() - 2 * QuantileProduct(y, law).value());
}

/// A quadratic form of nearly normal values: its mean is the sum of its eigenvalues.
struct Form {
  double mean, largest_eigenvalue;
};

/// The largest eigenvalue of the form sum_j parts_j B_j^2, B the Brownian bridge at sin^2 angle_j
/// divided by its deviation, whose correlation is tan / tan, the smaller one above. The iterated
/// vector is positive, so that every iteration bounds the eigenvalue from above (Collatz 1942).
double largest_eigenvalue(std::span<double const> parts, std::span<double const> tangents) {
  std::size_t const count = parts.size();
  std::vector<double> vector(count, 1), next(count);
  double bound = std::numeric_limits<double>::infinity();
  for (int iteration = 0; iteration < 30; ++iteration) {
    double sum = 0;  // of what lies below, itself included; then of what lies above
    for (std::size_t j = 0; j < count; ++j) {
      if (j > 0) sum *= tangents[j - 1] / tangents[j];
      next[j] = sum += parts[j] * vector[j];
    }
    sum = 0;
    for (std::size_t j = count - 1; j > 0; --j) {
      sum = (sum + parts[j] * vector[j]) * (tangents[j - 1] / tangents[j]);
      next[j - 1] += sum;
    }
    double ratio = 0;
    for (std::size_t j = 0; j < count; ++j) ratio = std::max(ratio, next[j] / vector[j]);
    bound = std::min(bound, ratio);
    for (std::size_t j = 0; j < count; ++j) vector[j] = next[j] / ratio;
  }
  return bound;
}

/// squared_distance() over exact samples of n. Its mean: the variance of the order statistic at
/// u = sin^2 angle, by the Gauss-Hermite rule of three points, integrated over the angle, in which
/// every order statistic has a standard deviation of about 1 / (2 sqrt n). The steps are a fraction
/// of that, so that no gap between modes is stepped over.
Form null_law(double n, LineMixture const& law) {
  double const pi = std::numbers::pi;
  std::size_t const away = n < 100 ? 16 : 2;  // steps to the outer points, sqrt(3) deviations
  auto const count =
      static_cast<std::size_t>(std::ceil(static_cast<double>(away) * pi * std::sqrt(n / 3)));
  std::vector<double> quantiles(count), masses(count), tangents(count), parts(count);
  double guess = 0;
  for (std::size_t j = 0; j < count; ++j) {
    double const h = pi / 2 / static_cast<double>(count),
                 angle = (static_cast<double>(j) + 0.5) * h;
    double const root = std::sin(angle);
    quantiles[j] = guess = law.quantile(root * root, guess).y;
    masses[j] = std::sin(2 * angle) * h;
    tangents[j] = std::tan(angle);
  }
  double sum = 0;
  for (std::size_t j = 0; j < count; ++j) {
    double const below = quantiles[j] - quantiles[j - std::min(j, away)];
    double const above = quantiles[std::min(j + away, count - 1)] - quantiles[j];
    sum += parts[j] = masses[j] * (below * below + above * above) / 6;
  }
  return {sum, largest_eigenvalue(parts, tangents)};
}

}  // namespace

Checked sliced_wasserstein_2(std::span<double const> x, Mixture const& law, int direction_count) {
  std::vector<double> const all = directions(law.dimension(), direction_count);
  auto const d = static_cast<std::size_t>(law.dimension());
  check_sample(x, d);
  std::size_t const rows = x.size() / d;
  auto const n = static_cast<double>(rows);

  std::vector<double> distances(all.size() / d);
  std::vector<Form> forms(distances.size());
  tbb::parallel_for(std::size_t{0}, distances.size(), [&](std::size_t k) {
    auto const direction = std::span(all).subspan(k * d, d);
    LineMixture const line(law, direction);
    distances[k] = squared_distance(sorted_projections(x, direction, line.origin()), line);
    forms[k] = null_law(n, line);
  });

  // Summed in their order, so that the bits do not depend on the threads.
  auto const count = static_cast<double>(distances.size());
  double distance = 0;
  Form form{0, 0};
  for (double v : distances) distance += v;
  for (Form const& line : forms) {
    form.mean += line.mean / count;
    form.largest_eigenvalue += line.largest_eigenvalue / count;  // a bound of that of the mean
  }
  if (!std::isfinite(distance))
    throw Error(Fault::numerics, "the distance of the samples overflows",
                "their values are near the largest number there is");
  constexpr double one_sided_z = 4.753424308823;
  double const mean = std::sqrt(form.mean);
  return {std::sqrt(distance / count), 0,
          std::min(check_z * mean, mean + one_sided_z * std::sqrt(form.largest_eigenvalue))};
}

}  // namespace retrace
