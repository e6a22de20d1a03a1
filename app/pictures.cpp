// SPDX-License-Identifier: Apache-2.0
#include "pictures.hpp"

#include "gnuplot.hpp"
#include "table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <set>
#include <span>
#include <string_view>

namespace retrace::app {
namespace {

// Pixels are twice those of the page: sharp on every screen.
constexpr int panel = 440, gap = 24, head = 64, foot = 56;
constexpr std::string_view font = "font 'sans,11' fontscale 1.6 linewidth 1.4";
constexpr std::string_view ink = "'#1f5fa8'", faint = "'#d01f5fa8'", grey = "'#9a9a9a'";
// Okabe and Ito 2008: told apart with any kind of colour vision.
constexpr std::array<std::string_view, 7> colours{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                  "#e69f00", "#56b4e9", "#333333"};

std::string text_of(double value) { return short_number(value, 7); }
std::string text_of(int value) { return std::to_string(value); }

std::string terminal(int width, int height) {
  return "set encoding utf8\nset terminal pngcairo noenhanced size " + text_of(width) + "," +
         text_of(height) + " " + std::string(font) + " background '#ffffff'\n";
}

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

  [[nodiscard]] std::string range(char axis, std::size_t c) const {
    return std::string("set ") + axis + "range [" + text_of(middle[c] - half) + ":" +
           text_of(middle[c] + half) + "]\n";
  }
};

std::string data_block(std::string const& name, Cloud const& cloud) {
  std::string text = "$" + name + " << END\n";
  char line[64];
  auto const d = static_cast<std::size_t>(cloud.dimension);
  for (std::size_t i = 0; i + d <= cloud.points.size(); i += d) {
    if (!std::isfinite(cloud.points[i]) || !std::isfinite(cloud.points[i + d - 1])) continue;
    std::snprintf(line, sizeof line, "%.5g %.5g\n", cloud.points[i], cloud.points[i + d - 1]);
    text += line;
  }
  return text + "END\n";
}

/// The share of the points in each bin, over the width of a bin: a density.
std::vector<double> histogram(Cloud const& cloud, Frame const& frame, std::size_t bins) {
  std::vector<double> density(bins);
  double const width = 2 * frame.half / static_cast<double>(bins);
  for (double const x : cloud.points) {
    double const bin = std::floor((x - frame.middle[0] + frame.half) / width);
    if (bin >= 0 && bin < static_cast<double>(bins))
      density[static_cast<std::size_t>(bin)] +=
          1 / (width * static_cast<double>(cloud.points.size()));
  }
  return density;
}

constexpr std::size_t bins = 60;

std::string histogram_block(std::string const& name, Cloud const& cloud, Cloud const& exact,
                            Frame const& frame) {
  std::string text = "$" + name + " << END\n";
  auto const of_samples = histogram(cloud, frame, bins), of_exact = histogram(exact, frame, bins);
  for (std::size_t b = 0; b < bins; ++b) {
    double const x = frame.middle[0] +
                     frame.half * (2 * static_cast<double>(b) + 1 - double{bins}) / double{bins};
    text += text_of(x) + " " + text_of(of_samples[b]) + " " + text_of(of_exact[b]) + "\n";
  }
  return text + "END\n";
}

/// Panels in rows, their places given by hand so that they touch nothing.
std::string panels(std::size_t count, std::string const& title) {
  constexpr std::size_t most_columns = 5;
  std::size_t const rows = (count + most_columns - 1) / most_columns;
  auto const columns = static_cast<int>((count + rows - 1) / rows);
  int const width = columns * (panel + gap) + gap;
  int const height = static_cast<int>(rows) * (panel + head) + head + gap;
  auto const share = [](int pixels, int of) {
    return text_of(static_cast<double>(pixels) / static_cast<double>(of));
  };
  return terminal(width, height) + "set multiplot layout " + std::to_string(rows) + "," +
         text_of(columns) + " title " + gnuplot_string(title) + " font ',13' margins screen " +
         share(gap, width) + "," + share(width - gap, width) + "," + share(gap, height) + "," +
         share(height - 2 * head, height) + " spacing screen " + share(gap, width) + "," +
         share(head, height) + "\n";
}

std::string caption_of(Row const& row) {
  return std::to_string(row.evaluations_used) +
         (row.evaluations_used == 1 ? " evaluation" : " evaluations");
}

std::string scatter_script(std::vector<Row const*> const& rows, Cloud const& exact,
                           Frame const& frame) {
  std::string script = panels(rows.size() + 1, rows.front()->sampler) +
                       "set size square\nunset key\nunset tics\nset border lc rgb '#c8c8c8'\n" +
                       frame.range('x', 0) + frame.range('y', 1);
  auto const add = [&](std::string const& name, Cloud const& cloud, std::string const& title) {
    script += data_block(name, cloud) + "set title " + gnuplot_string(title) +
              " offset 0,-0.6\nplot $" + name + " with points pt 7 ps 0.35 lc rgb " +
              std::string(faint) + "\n";
  };
  for (Row const* row : rows)
    add("samples" + std::to_string(row->evaluations), row->cloud, caption_of(*row));
  add("exact", exact, "exact draws");
  return script + "unset multiplot\n";
}

std::string histogram_script(std::vector<Row const*> const& rows, Cloud const& exact,
                             Frame const& frame) {
  double highest = 0;
  for (double const density : histogram(exact, frame, bins)) highest = std::max(highest, density);
  std::string script = panels(rows.size(), rows.front()->sampler + ", exact draws in grey") +
                       "set size square\nunset key\nunset tics\nset border 1 lc rgb '#c8c8c8'\n"
                       "set style fill solid 0.35 noborder\n" +
                       frame.range('x', 0) + "set yrange [0:" + text_of(1.3 * highest) + "]\n";
  for (Row const* row : rows) {
    std::string const name = "samples" + std::to_string(row->evaluations);
    script += histogram_block(name, row->cloud, exact, frame) + "set title " +
              gnuplot_string(caption_of(*row)) + " offset 0,-0.6\nplot $" + name +
              " using 1:3 with boxes lc rgb " + std::string(grey) + ", $" + name +
              " using 1:2 with histeps lw 1.5 lc rgb " + std::string(ink) + "\n";
  }
  return script + "unset multiplot\n";
}

/// Tics at 1, 2 and 5 times powers of ten: an axis of less than a decade has some too.
std::string tics(double low, double high) {
  std::string text;
  for (double decade = std::pow(10, std::floor(std::log10(low))); decade < high; decade *= 10)
    for (double const digit : {1, 2, 5})
      if (digit * decade >= low && digit * decade <= high)
        text += (text.empty() ? "" : ", ") + text_of(digit * decade);
  return "set ytics (" + text + ")\n";
}

struct Measure {
  std::string title;
  double ProjectedDistances::*distance;
};

std::string measure_script(Comparison const& comparison, std::vector<std::string> const& samplers,
                           Measure const& measure) {
  double const floor = comparison.floor.*measure.distance;
  double low = floor, high = floor;
  for (Row const& row : comparison.rows)
    if (double const y = row.distances.*measure.distance; y > 0) {
      low = std::min(low, y);
      high = std::max(high, y);
    }
  constexpr double margin = 1.35;
  low /= margin;
  high *= margin;
  std::string blocks, plots;
  for (std::size_t s = 0; s < samplers.size(); ++s) {
    std::string const name = "line" + std::to_string(s);
    std::set<std::pair<std::int64_t, double>> points;
    for (Row const& row : comparison.rows)
      if (row.sampler == samplers[s] && row.distances.*measure.distance > 0)
        points.emplace(row.evaluations_used, row.distances.*measure.distance);
    if (points.empty()) continue;
    blocks += "$" + name + " << END\n";
    for (auto const& [x, y] : points) blocks += std::to_string(x) + " " + text_of(y) + "\n";
    blocks += "END\n";
    plots += "$" + name + " with linespoints lw 1.8 pt " + std::to_string(5 + 2 * (s % 5)) +
             " ps 1.1 lc rgb '" + std::string(colours[s % colours.size()]) + "' title " +
             gnuplot_string(samplers[s]) + ", ";
  }
  return "set title " + gnuplot_string(measure.title) + "\nset yrange [" + text_of(low) + ":" +
         text_of(high) + "]\n" + tics(low, high) + blocks + "plot " + plots + text_of(floor) +
         " with lines dt 2 lw 1.5 lc rgb " + std::string(grey) +
         " title 'floor: exact against exact'\nunset key\n";
}

std::string distances_script(Comparison const& comparison,
                             std::vector<std::string> const& samplers) {
  constexpr int width = 1900, height = 820;
  std::set<std::int64_t> evaluations;
  for (Row const& row : comparison.rows) evaluations.insert(row.evaluations_used);
  std::string marks;
  double last = 0;
  for (std::int64_t const e : evaluations) {
    constexpr double apart = 1.25;  // nearer ones would overlap
    if (static_cast<double>(e) < apart * last) continue;
    marks += (marks.empty() ? "" : ", ") + std::to_string(e);
    last = static_cast<double>(e);
  }
  auto const first = static_cast<double>(*evaluations.begin());
  auto const largest = static_cast<double>(*evaluations.rbegin());
  constexpr double margin = 1.15;
  std::string const legend =
      "set key at screen 0.755,0.86 left top Left reverse samplen 2 spacing 1.3\n";
  return terminal(width, height) +
         "set multiplot layout 1,2 margins screen 0.055,0.735,0.13,0.9 spacing screen 0.07,0\n"
         "set logscale xy\nset border 3 lc rgb '#707070'\nset tics nomirror textcolor rgb "
         "'#303030'\nset grid ytics lw 0.5 lc rgb '#e4e4e4'\nset xlabel 'evaluations'\n"
         "set xrange [" + text_of(first / margin) + ":" + text_of(largest * margin) +
         "]\nset xtics (" + marks + ")\n" + legend +
         measure_script(comparison, samplers,
                        {"sliced Wasserstein distance", &ProjectedDistances::sliced_wasserstein}) +
         measure_script(comparison, samplers,
                        {"energy distance", &ProjectedDistances::energy_distance}) +
         "unset multiplot\n";
}

/// Letters, digits, dots and hyphens of a sampler's text, after its number.
std::string file_name(std::size_t number, std::string_view sampler) {
  constexpr std::size_t longest = 60;
  std::string name = "samples-" + std::to_string(number + 1) + "-";
  for (char const c : sampler.substr(0, longest)) {
    bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c >= '0' && c <= '9') || c == '.';
    name += plain ? c : '-';
  }
  return name + ".png";
}

}  // namespace

std::vector<Picture> draw_pictures(Comparison const& comparison) {
  std::vector<std::string> samplers;
  for (Row const& row : comparison.rows)
    if (std::find(samplers.begin(), samplers.end(), row.sampler) == samplers.end())
      samplers.push_back(row.sampler);
  std::vector<Picture> pictures{
      {"distances.png", "", gnuplot_png(distances_script(comparison, samplers))}};
  Frame const frame(comparison.exact);
  for (std::size_t s = 0; s < samplers.size(); ++s) {
    std::vector<Row const*> rows;
    for (Row const& row : comparison.rows)
      if (row.sampler == samplers[s]) rows.push_back(&row);
    auto const script = comparison.exact.dimension == 1
                            ? histogram_script(rows, comparison.exact, frame)
                            : scatter_script(rows, comparison.exact, frame);
    pictures.push_back({file_name(s, samplers[s]), samplers[s], gnuplot_png(script)});
  }
  return pictures;
}

}  // namespace retrace::app
