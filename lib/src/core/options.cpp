// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/options.hpp>
#include <retrace/core/shortest.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <system_error>

namespace retrace {
namespace {

template <class Number>
bool parse_whole(std::string_view text, Number& value) {
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

[[noreturn]] void throw_not_in(std::string_view what, std::string_view text,
                               std::string const& range) {
  throw Error(Fault::argument, std::string(what) + " cannot be " + quoted(text),
              "it takes a number in " + range);
}

template <class Integer>
Integer parse_bounded(std::string_view what, std::string_view text, Integer low, Integer high) {
  Integer value{};
  if (!parse_whole(text, value) || value < low || value > high)
    throw_not_in(what, text, "[" + std::to_string(low) + ", " + std::to_string(high) + "]");
  return value;
}

}  // namespace

bool Range::holds(double value) const {
  return std::isfinite(value) && value <= high &&
         (low_end == Low::closed ? value >= low : value > low);
}

std::string Range::text() const {
  bool const open_low = low_end == Low::open || std::isinf(low);
  return (open_low ? "(" : "[") + shortest(low) + ", " + shortest(high) +
         (std::isinf(high) ? ")" : "]");
}

double parse_real(std::string_view what, std::string_view text, Range range) {
  double value = 0;
  if (!parse_whole(text, value) || !range.holds(value)) throw_not_in(what, text, range.text());
  return value;
}

std::int64_t parse_integer(std::string_view what, std::string_view text, std::int64_t low,
                           std::int64_t high) {
  return parse_bounded(what, text, low, high);
}

std::uint64_t parse_seed(std::string_view what, std::string_view text) {
  return parse_bounded<std::uint64_t>(what, text, 0, std::numeric_limits<std::uint64_t>::max());
}

Spec Spec::parse(std::string_view text) {
  std::size_t const colon = text.find(':');
  Spec spec{std::string(text.substr(0, colon)), {}};
  if (spec.name.empty())
    throw Error(Fault::argument, "a name is missing in " + quoted(text),
                "write name or name:key=value,key=value");
  if (colon == std::string_view::npos) return spec;
  std::string_view rest = text.substr(colon + 1);
  while (true) {
    std::size_t const comma = rest.find(',');
    std::string_view const pair = rest.substr(0, comma);
    std::size_t const equals = pair.find('=');
    if (equals == std::string_view::npos || equals == 0)
      throw Error(Fault::argument,
                  "option " + quoted(pair) + " of " + quoted(spec.name) + " has no value",
                  "write name:key=value,key=value");
    std::string const key(pair.substr(0, equals));
    if (std::any_of(spec.options.begin(), spec.options.end(),
                    [&](auto const& known) { return known.first == key; }))
      throw Error(Fault::argument, "option " + quoted(key) + " of " + quoted(spec.name),
                  "it is given twice");
    spec.options.emplace_back(key, pair.substr(equals + 1));
    if (comma == std::string_view::npos) return spec;
    rest = rest.substr(comma + 1);
  }
}

}  // namespace retrace
