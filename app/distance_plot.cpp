// SPDX-License-Identifier: Apache-2.0
#include "distance_plot.hpp"

#include "gnuplot.hpp"
#include "plot_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

namespace retrace::app {
namespace {

// Okabe and Ito 2008: told apart with any kind of colour vision.
constexpr std::array<std::string_view, 7> colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                  "#e69f00", "#56b4e9", "#333333"};
constexpr std::array marks{5, 7, 9, 11, 13};  // filled: square, circle, triangles, diamond

struct Interval {
  double low, high;
  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  [[nodiscard]] Interval widened(double factor) const { return {low / factor, high * factor}; }
  [[nodiscard]] std::string text() const {
    return "[" + plot_number(low) + ":" + plot_number(high) + "]";
  }
};

/// Tics at powers of ten, and between them at 2 and 5 where the axis has few decades.
std::string y_tics(Interval range) {
  constexpr double few = 1000;
  std::string text;
  for (double decade = std::pow(10, std::floor(std::log10(range.low))); decade < range.high;
       decade *= 10)
    for (double const digit : {1, 2, 5}) {
      double const at = digit * decade;
      if (at < range.low || at > range.high || (digit > 1 && range.high / range.low > few))
        continue;
      text += (text.empty() ? "'" : ", '") + short_number(at, 1) + "' " + plot_number(at);
    }
  return "set ytics (" + text + ")\n";
}

/// Tics at the numbers of evaluations asked for, those left out that would overlap.
std::string x_tics(Comparison const& comparison) {
  constexpr double apart = 1.25;
  std::set<std::int64_t> evaluations;
  for (Row const& row : comparison.rows) evaluations.insert(row.evaluations);
  std::string text;
  double last = 0;
  for (std::int64_t const e : evaluations) {
    auto const at = static_cast<double>(e);
    if (at < apart * last) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(e);
    last = at;
  }
  return "set xtics (" + text + ")\n";
}

std::string x_range(Comparison const& comparison) {
  constexpr double margin = 1.15;
  auto const first = static_cast<double>(comparison.rows.front().evaluations);
  Interval range{first, first};
  for (Row const& row : comparison.rows) {
    range.include(static_cast<double>(row.evaluations));
    range.include(static_cast<double>(row.evaluations_used));
  }
  return "set xrange " + range.widened(margin).text() + "\n";
}

// Named because nvcc would put parentheses around its declarator, which g++ warns of.
using Distance = double ProjectedDistances::*;

struct Measure {
  std::string title;
  Distance distance;
};

/// The picture widens with the longest name, up to a limit.
std::string legend_text(std::string const& sampler) {
  constexpr std::size_t longest = 48;
  return sampler.size() <= longest ? sampler : sampler.substr(0, longest - 3) + "...";
}

constexpr std::string_view floor_text = "floor: exact against exact";

int legend_width(std::vector<std::string> const& samplers) {
  constexpr std::size_t character = 14, line = 150;  // in pixels
  std::size_t longest = floor_text.size();
  for (std::string const& sampler : samplers)
    longest = std::max(longest, legend_text(sampler).size());
  return static_cast<int>(line + character * longest);
}

std::string panel(Comparison const& comparison, std::vector<std::string> const& samplers,
                  Measure const& measure) {
  constexpr double margin = 1.35;
  double const floor = comparison.floor.*measure.distance;
  Interval range{floor, floor};
  std::string blocks, lines;
  for (std::size_t s = 0; s < samplers.size(); ++s) {
    std::set<std::pair<std::int64_t, double>> points;
    for (Row const& row : comparison.rows)
      if (double const y = row.distances.*measure.distance; row.sampler == samplers[s] && y > 0) {
        points.emplace(row.evaluations_used, y);
        range.include(y);
      }
    if (points.empty()) continue;
    std::string const name = "$line" + std::to_string(s);
    blocks += name + " << END\n";
    for (auto const& [x, y] : points) blocks += std::to_string(x) + " " + plot_number(y) + "\n";
    blocks += "END\n";
    lines += name + " with linespoints lw 1.8 ps 1.1 pt " +
             std::to_string(marks[s % marks.size()]) + " lc rgb '" +
             std::string(colours[s % colours.size()]) + "' title " +
             gnuplot_string(legend_text(samplers[s])) + ", ";
  }
  range = range.widened(margin);
  return "set title " + gnuplot_string(measure.title) + "\nset yrange " + range.text() + "\n" +
         y_tics(range) + blocks + "plot " + lines + plot_number(floor) +
         " with lines dt 2 lw 1.5 lc rgb '#8a8a8a' title " + gnuplot_string(floor_text) + "\n";
}

}  // namespace

std::string distance_plot(Comparison const& comparison, std::vector<std::string> const& samplers) {
  constexpr int height = 820, panels = 1400, left = 105, between = 135;
  int const width = panels + legend_width(samplers);
  auto const share = [&](int pixels) {
    return plot_number(static_cast<double>(pixels) / static_cast<double>(width));
  };
  return plot_terminal(width, height) + "set multiplot layout 1,2 margins screen " + share(left) +
         "," + share(panels) + ",0.13,0.9 spacing screen " + share(between) + ",0\n" +
         "set logscale xy\nset border 3 lc rgb '#707070'\n"
         "set tics nomirror textcolor rgb '#303030'\nset grid ytics lw 0.5 lc rgb '#e4e4e4'\n"
         "set xlabel 'evaluations'\n" +
         x_range(comparison) + x_tics(comparison) + "set key at screen " +
         share(panels + left / 2) + ",0.86 left top Left reverse samplen 2 spacing 1.3\n" +
         panel(comparison, samplers,
               {"sliced Wasserstein distance", &ProjectedDistances::sliced_wasserstein}) +
         "unset key\n" +
         panel(comparison, samplers, {"energy distance", &ProjectedDistances::energy_distance}) +
         "unset multiplot\n";
}

}  // namespace retrace::app
