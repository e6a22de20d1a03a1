// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <sstream>

namespace retrace::app {

std::vector<std::string> split_at_commas(std::string_view text) {
  std::vector<std::string> pieces;
  for (std::size_t from = 0;;) {
    std::size_t const comma = text.find(',', from);
    pieces.emplace_back(text.substr(from, comma - from));
    if (comma == std::string_view::npos) return pieces;
    from = comma + 1;
  }
}

std::vector<std::string> split_specs(std::string_view text) {
  std::vector<std::string> specs;
  for (std::string const& piece : split_at_commas(text)) {
    std::size_t const equals = piece.find('=');
    bool const is_option = equals != std::string::npos && piece.find(':') > equals;
    if (is_option && !specs.empty())
      specs.back() += "," + piece;
    else
      specs.push_back(piece);
  }
  return specs;
}

std::string shell_line(Words const& words) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+:,./@%";
  std::string line;
  for (std::string const& word : words) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (char const c : word) {
      if (c == '\'')
        line += "'\\''";
      else
        line += c;
    }
    line += '\'';
  }
  return line;
}

std::string wrapped(std::string_view text, std::size_t indent, std::size_t width) {
  std::istringstream words{std::string(text)};
  std::string out, line;
  for (std::string word; words >> word;) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > width) {
      out += std::string(indent, ' ') + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + word;
  }
  return out + std::string(indent, ' ') + line + "\n";
}

}  // namespace retrace::app
