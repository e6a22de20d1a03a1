// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>

#include <cstddef>
#include <cstdio>

namespace retrace {
namespace {

std::string joined(std::string_view problem, std::string_view reason, std::string_view suggestion) {
  std::string text{problem};
  for (std::string_view part : {reason, suggestion})
    if (!part.empty()) text.append("; ").append(part);
  return text;
}

}  // namespace

Error::Error(Fault fault, std::string_view problem, std::string_view reason,
             std::string_view suggestion)
    : std::runtime_error(joined(problem, reason, suggestion)), fault_(fault) {}

std::string printable(std::string_view text) {
  std::string out;
  for (char const c : text) {
    auto const byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else {
      char hex[5];
      std::snprintf(hex, sizeof hex, "\\x%02x", static_cast<unsigned>(byte));
      out += hex;
    }
  }
  return out;
}

std::string quoted(std::string_view text) {
  constexpr std::size_t longest = 120;
  return "'" + printable(text.substr(0, longest)) + (text.size() > longest ? "...'" : "'");
}

}  // namespace retrace
