// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace retrace::app {

/// The words of a command line that follow the name of the command.
using Words = std::vector<std::string>;

/// The pieces of `text` between commas; one more than there are commas, possibly empty.
[[nodiscard]] std::vector<std::string> split_at_commas(std::string_view text);

/// The specifications in `ddim:eta=0.5,edm-heun:churn=10,s_noise=1.003`: a piece that is a key and
/// its value belongs to the name before it.
[[nodiscard]] std::vector<std::string> split_specs(std::string_view text);

/// The words as a line that a POSIX shell reads back.
[[nodiscard]] std::string shell_line(Words const& words);

/// The words of `text` in lines of at most `width` characters, each after `indent` blanks.
[[nodiscard]] std::string wrapped(std::string_view text, std::size_t indent,
                                  std::size_t width = 96);

}  // namespace retrace::app
