// SPDX-License-Identifier: Apache-2.0
#include "sample_panels.hpp"

#include "gnuplot.hpp"
#include "plot_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <vector>

namespace retrace::app {
namespace {

// In pixels of the picture.
constexpr int panel = 440, gap = 24, head = 64;
constexpr std::string_view blue = "1f5fa8", grey = "606060";

/// What of the plane the pictures show: a square around the exact draws, without their outermost
/// ones, that all panels share.
struct Frame {
  std::array<double, 2> middle{};
  double half = 1;

  explicit Frame(Cloud const& exact) {
    auto const d = static_cast<std::size_t>(exact.dimension);
    double widest = 0;
    for (std::size_t c = 0; c < d; ++c) {
      std::vector<double> x;
      for (std::size_t i = c; i < exact.points.size(); i += d) x.push_back(exact.points[i]);
      std::sort(x.begin(), x.end());
      std::size_t const outside = x.size() / 500;
      double const low = x[outside], high = x[x.size() - 1 - outside];
      middle[c] = (low + high) / 2;
      widest = std::max(widest, high - low);
    }
    constexpr double margin = 1.2;
    if (widest > 0) half = margin * widest / 2;
  }

  [[nodiscard]] std::string range(std::string const& axis, std::size_t c) const {
    return "set " + axis + "range [" + plot_number(middle[c] - half) + ":" +
           plot_number(middle[c] + half) + "]\n";
  }
};

/// Rows of panels of one size, their places given by hand so that they touch nothing.
std::string layout(std::size_t count, std::string const& title) {
  constexpr std::size_t most_columns = 5;
  std::size_t const rows = (count + most_columns - 1) / most_columns;
  auto const columns = static_cast<int>((count + rows - 1) / rows);
  int const width = columns * (panel + gap) + gap;
  int const height = static_cast<int>(rows) * (panel + head) + head + gap;
  auto const share = [](int pixels, int of) {
    return plot_number(static_cast<double>(pixels) / static_cast<double>(of));
  };
  return plot_terminal(width, height) + "set multiplot layout " + std::to_string(rows) + "," +
         std::to_string(columns) + " title " + gnuplot_string(title) +
         " font ',13' margins screen " + share(gap, width) + "," + share(width - gap, width) + "," +
         share(gap, height) + "," + share(height - 2 * head, height) + " spacing screen " +
         share(gap, width) + "," + share(head, height) +
         "\nset size square\nunset key\nunset tics\n";
}

std::string panel_title(std::string const& text) {
  return "set title " + gnuplot_string(text) + " offset 0,-0.6\n";
}

std::string caption_of(Row const& row) {
  return std::to_string(row.evaluations_used) +
         (row.evaluations_used == 1 ? " evaluation" : " evaluations");
}

std::string scatter(Cloud const& cloud, std::string const& title, std::string_view colour) {
  std::string text = "$points << END\n";
  char line[64];
  for (std::size_t i = 0; i + 1 < cloud.points.size(); i += 2) {
    if (!std::isfinite(cloud.points[i]) || !std::isfinite(cloud.points[i + 1])) continue;
    std::snprintf(line, sizeof line, "%.5g %.5g\n", cloud.points[i], cloud.points[i + 1]);
    text += line;
  }
  // Points are three quarters transparent, so that density shows.
  return text + "END\n" + panel_title(title) + "plot $points with points pt 7 ps 0.35 lc rgb '#c0" +
         std::string(colour) + "'\n";
}

std::string scatter_panels(std::vector<Row const*> const& rows, Comparison const& comparison,
                           Frame const& frame) {
  std::string script = layout(rows.size() + 1, rows.front()->sampler) +
                       "set border lc rgb '#c8c8c8'\n" + frame.range("x", 0) + frame.range("y", 1);
  for (Row const* row : rows) script += scatter(row->cloud, caption_of(*row), blue);
  return script + scatter(comparison.exact, "exact draws", grey) + "unset multiplot\n";
}

constexpr std::size_t bins = 40;

/// The share of the points in each bin, over the width of a bin.
std::vector<double> density_of(Cloud const& cloud, Frame const& frame) {
  std::vector<double> density(bins);
  double const width = 2 * frame.half / double{bins};
  for (double const x : cloud.points)
    if (double const bin = std::floor((x - frame.middle[0] + frame.half) / width);
        bin >= 0 && bin < double{bins})
      density[static_cast<std::size_t>(bin)] +=
          1 / (width * static_cast<double>(cloud.points.size()));
  return density;
}

std::string histogram(Row const& row, std::vector<double> const& exact, Frame const& frame) {
  std::vector<double> const density = density_of(row.cloud, frame);
  std::string text = "$bins << END\n";
  for (std::size_t b = 0; b < bins; ++b) {
    double const place = (static_cast<double>(b) + 0.5) / double{bins};
    text += plot_number(frame.middle[0] + frame.half * (2 * place - 1)) + " " +
            plot_number(density[b]) + " " + plot_number(exact[b]) + "\n";
  }
  return text + "END\n" + panel_title(caption_of(row)) +
         "plot $bins using 1:3 with boxes lc rgb '#" + std::string(grey) +
         "', $bins using 1:2 with histeps lw 1.8 lc rgb '#" + std::string(blue) + "'\n";
}

std::string histogram_panels(std::vector<Row const*> const& rows, Comparison const& comparison,
                             Frame const& frame) {
  // Samplers that end in a point do not flatten everything else.
  constexpr double most = 2.5, room = 1.1;
  std::vector<double> const exact = density_of(comparison.exact, frame);
  double const highest_exact = *std::max_element(exact.begin(), exact.end());
  double highest = highest_exact;
  for (Row const* row : rows)
    for (double const density : density_of(row->cloud, frame))
      highest = std::max(highest, std::min(density, most * highest_exact));
  std::string script = layout(rows.size(), rows.front()->sampler) +
                       "set border 1 lc rgb '#c8c8c8'\nset style fill solid 0.3 noborder\n" +
                       frame.range("x", 0) + "set yrange [0:" + plot_number(room * highest) + "]\n";
  for (Row const* row : rows) script += histogram(*row, exact, frame);
  return script + "unset multiplot\n";
}

}  // namespace

std::string sample_panels(Comparison const& comparison, std::string const& sampler) {
  std::vector<Row const*> rows;
  for (Row const& row : comparison.rows)
    if (row.sampler == sampler) rows.push_back(&row);
  Frame const frame(comparison.exact);
  return comparison.exact.dimension == 1 ? histogram_panels(rows, comparison, frame)
                                         : scatter_panels(rows, comparison, frame);
}

}  // namespace retrace::app
