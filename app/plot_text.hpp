// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "table.hpp"

#include <string>

// Pieces of gnuplot scripts that all pictures share.
namespace retrace::app {

inline std::string plot_number(double value) {
  constexpr int digits = 7;
  return short_number(value, digits);
}

/// In pixels, twice those of the page: sharp on every screen.
inline std::string plot_terminal(int width, int height) {
  return "set encoding utf8\nset terminal pngcairo noenhanced size " + std::to_string(width) + "," +
         std::to_string(height) +
         " font 'sans,11' fontscale 1.6 linewidth 1.4 background '#ffffff'\n";
}

}  // namespace retrace::app
