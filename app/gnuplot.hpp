// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace retrace::app {

/// Throws Error (file) that says how to get gnuplot where it cannot be run.
void require_gnuplot();

/// The picture that a script makes on a pngcairo terminal: the bytes of a PNG. Throws Error (file)
/// with gnuplot's words.
[[nodiscard]] std::string gnuplot_png(std::string_view script);

/// `text` as a string of gnuplot's, without special meaning.
[[nodiscard]] std::string gnuplot_string(std::string_view text);

}  // namespace retrace::app
