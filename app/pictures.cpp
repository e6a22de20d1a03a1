// SPDX-License-Identifier: Apache-2.0
#include "pictures.hpp"

#include "distance_plot.hpp"
#include "gnuplot.hpp"
#include "sample_panels.hpp"

#include <algorithm>
#include <string_view>

namespace retrace::app {
namespace {

/// Letters, digits, dots and hyphens of a sampler's text, after its number.
std::string file_name(std::size_t number, std::string_view sampler) {
  constexpr std::size_t longest = 60;
  std::string name = "samples-" + std::to_string(number + 1) + "-";
  for (char const c : sampler.substr(0, longest)) {
    bool const plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
    name += plain ? c : '-';
  }
  return name + ".png";
}

std::vector<std::string> samplers_of(Comparison const& comparison) {
  std::vector<std::string> samplers;
  for (Row const& row : comparison.rows)
    if (std::find(samplers.begin(), samplers.end(), row.sampler) == samplers.end())
      samplers.push_back(row.sampler);
  return samplers;
}

}  // namespace

std::vector<Picture> draw_pictures(Comparison const& comparison) {
  std::vector<std::string> const samplers = samplers_of(comparison);
  std::vector<Picture> pictures{
      {"distances.png", "", gnuplot_png(distance_plot(comparison, samplers))}};
  for (std::size_t s = 0; s < samplers.size(); ++s)
    pictures.push_back({file_name(s, samplers[s]), samplers[s],
                        gnuplot_png(sample_panels(comparison, samplers[s]))});
  return pictures;
}

}  // namespace retrace::app
