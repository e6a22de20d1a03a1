// SPDX-License-Identifier: Apache-2.0
#include "table_entries.hpp"

#include <retrace/targets/box_source.hpp>
#include <retrace/targets/tilted_interval.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace retrace {
namespace {

/// J_0 = sum_n tilt^2n / (2n)! int_0^1 t^2n exp(-(h t)^2 / 2) dt, and its derivative over the tilt.
void fill_series(double* interval, double h) {
  using Interval = BoxRow::Interval;
  double per_factorial = 1;  // 1 / (2n)!
  for (int n = 0; n <= Interval::terms; ++n) {
    double power = 1, moment = 0;
    for (int m = 0; m < 12; power *= -h * h / 2 / ++m) moment += power / (2 * (n + m) + 1);
    if (n < Interval::terms) interval[Interval::zeroth + n] = per_factorial * moment;
    if (n > 0) interval[Interval::first + n - 1] = 2 * n * per_factorial * moment;
    per_factorial /= (2 * n + 1) * (2 * n + 2);
  }
}

void fill_level(double* row, BoxRow const& at, BoxMixture const& mixture, NoiseLevel const& level) {
  BoxAxes const& axes = mixture.axes();
  double const alpha = level.alpha(), sigma = level.sigma();
  row[BoxRow::scale] = std::sqrt(std::numbers::log2e / 2) / sigma;
  row[BoxRow::inverse_alpha] = alpha > 0 ? 1 / alpha : 0;
  for (int i = 0; i < at.edges; ++i) row[BoxRow::edge + i] = alpha * axes.edges[index(i)];
  for (int i = 0; i < at.intervals; ++i) {
    using Interval = BoxRow::Interval;
    double const low = axes.edges[index(axes.intervals[index(i)].low)];
    double const half = (axes.edges[index(axes.intervals[index(i)].high)] - low) / 2;
    double* const interval = row + at.interval(i);
    interval[Interval::narrow] = alpha * half / sigma <= widest_narrow ? 1 : 0;
    interval[Interval::centre] = low + half;
    interval[Interval::half] = half;
    interval[Interval::image] = alpha * (low + half);
    interval[Interval::width] = 2 * alpha * half * row[BoxRow::scale];
    interval[Interval::sigmas] = alpha * half / sigma;
    if (interval[Interval::narrow] == 0)
      row[BoxRow::wide] = 1;
    else
      fill_series(interval, interval[Interval::sigmas]);
    if (alpha == 0) continue;
    interval[Interval::per_width] = std::sqrt(std::numbers::pi / 2) * sigma / (alpha * half);
    interval[Interval::pull] = sigma * sigma / (2 * alpha * alpha * half);
  }
}

}  // namespace

BoxRow box_row(BoxMixture const& mixture) {
  BoxAxes const& axes = mixture.axes();
  bool const tiled = std::all_of(
      axes.intervals.begin(), axes.intervals.end(),
      [](BoxAxes::Interval const& interval) { return interval.high == interval.low + 1; });
  return {mixture.dimension(), static_cast<int>(axes.edges.size()),
          static_cast<int>(axes.intervals.size()), mixture.boxes(), tiled ? 1 : 0};
}

std::vector<double> box_table(BoxMixture const& mixture, std::span<NoiseLevel const> levels) {
  BoxRow const at = box_row(mixture);
  std::vector<double> logits;
  for (double const weight : mixture.weights()) logits.push_back(std::log2(weight));
  double const largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> table(levels.size() * index(at.size()));
  for (std::size_t n = 0; n < levels.size(); ++n) {
    double* const row = table.data() + n * index(at.size());
    fill_level(row, at, mixture, levels[n]);
    for (int k = 0; k < at.boxes; ++k) {
      row[at.weight(k)] = std::exp2(logits[index(k)] - largest);
      row[at.logit(k)] = logits[index(k)] - largest;
    }
  }
  return table;
}

std::vector<int> box_index(BoxMixture const& mixture) {
  BoxAxes const& axes = mixture.axes();
  std::vector<int> all = axes.first_edge;
  all.insert(all.end(), axes.first_interval.begin(), axes.first_interval.end());
  for (BoxAxes::Interval const& interval : axes.intervals)
    all.insert(all.end(), {interval.low, interval.high});
  all.insert(all.end(), axes.interval_of_box.begin(), axes.interval_of_box.end());
  std::vector<int> from_edge(axes.edges.size(), -1);
  for (std::size_t i = 0; i < axes.intervals.size(); ++i)
    from_edge[index(axes.intervals[i].low)] = static_cast<int>(i);
  all.insert(all.end(), from_edge.begin(), from_edge.end());
  return all;
}

}  // namespace retrace
