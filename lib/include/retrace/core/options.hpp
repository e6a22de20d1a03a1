// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/error.hpp>
#include <retrace/core/nearest.hpp>

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace retrace {

using OptionValue = std::variant<double, std::int64_t, std::string>;

/// What `list` and `--help` say of an option of a sampler, SDE, grid or target.
struct OptionInfo {
  std::string name;
  std::string summary;
  std::string range;  ///< "[0, 1]", "(0, inf)", "small | large"
  OptionValue fallback{};
};

/// The allowed values of a number. Infinite and NaN values are never allowed.
struct Range {
  enum class Low { closed, open };
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  Low low_end = Low::closed;

  [[nodiscard]] static Range positive() { return {.low = 0, .low_end = Low::open}; }
  [[nodiscard]] static Range at_least(double low) { return {.low = low}; }
  [[nodiscard]] bool holds(double value) const;
  [[nodiscard]] std::string text() const;
};

/// Numbers as users write them; throw Error (argument) that names `what`, the text and the allowed
/// range.
[[nodiscard]] double parse_real(std::string_view what, std::string_view text, Range range = {});
[[nodiscard]] std::int64_t parse_integer(
    std::string_view what, std::string_view text,
    std::int64_t low = std::numeric_limits<std::int64_t>::min(),
    std::int64_t high = std::numeric_limits<std::int64_t>::max());
[[nodiscard]] std::uint64_t parse_seed(std::string_view what, std::string_view text);

/// `name:key=value,key=value` taken apart; every key at most once.
struct Spec {
  std::string name;
  std::vector<std::pair<std::string, std::string>> options;

  [[nodiscard]] static Spec parse(std::string_view text);
};

/// An option of T: how it is shown, set from text and read back. A type lists its own in `static
/// options()`, each bound to a member, whose value in a default-made T is the default: nothing is
/// written twice.
template <class T>
struct Option {
  OptionInfo info;  // fallback is filled in from T{} by option_infos
  std::function<void(T&, std::string_view)> set;
  std::function<OptionValue(T const&)> get;
};

template <class T>
Option<T> real_option(std::string name, double T::*member, Range range, std::string summary) {
  return {.info = {.name = name, .summary = std::move(summary), .range = range.text()},
          .set = [=](T& t, std::string_view text) { t.*member = parse_real(name, text, range); },
          .get = [=](T const& t) -> OptionValue { return t.*member; }};
}

template <class T>
Option<T> integer_option(std::string name, std::int64_t T::*member, std::int64_t low,
                         std::int64_t high, std::string summary) {
  return {
      .info = {.name = name,
               .summary = std::move(summary),
               .range = "[" + std::to_string(low) + ", " + std::to_string(high) + "]"},
      .set = [=](T& t, std::string_view text) { t.*member = parse_integer(name, text, low, high); },
      .get = [=](T const& t) -> OptionValue { return t.*member; }};
}

/// A choice among the values of an enum, by name.
template <class T, class E>
Option<T> choice_option(std::string name, E T::*member,
                        std::vector<std::pair<std::string_view, E>> choices, std::string summary) {
  std::string range;
  std::vector<std::string_view> names;
  for (auto const& [text, value] : choices) {
    names.push_back(text);
    range += (range.empty() ? "" : " | ") + std::string(text);
  }
  return {.info = {.name = name, .summary = std::move(summary), .range = range},
          .set =
              [=](T& t, std::string_view text) {
                for (auto const& [known, value] : choices)
                  if (known == text) {
                    t.*member = value;
                    return;
                  }
                throw_unknown("value of " + name, text, names);
              },
          .get = [=](T const& t) -> OptionValue {
            for (auto const& [known, value] : choices)
              if (value == t.*member) return std::string(known);
            return std::string{};
          }};
}

/// The options of T as `list` shows them, defaults read from T{}.
template <class T>
std::vector<OptionInfo> option_infos() {
  std::vector<OptionInfo> infos;
  for (auto const& option : T::options()) {
    infos.push_back(option.info);
    infos.back().fallback = option.get(T{});
  }
  return infos;
}

/// A T with the options of `spec` set. Unknown keys throw with the nearest known one. A T whose
/// options constrain one another has a member check(), called last.
template <class T>
T from_spec(Spec const& spec) {
  T made{};
  auto const options = T::options();
  for (auto const& [key, text] : spec.options) {
    bool found = false;
    for (auto const& option : options)
      if (option.info.name == key) {
        option.set(made, text);
        found = true;
      }
    if (!found) {
      std::vector<std::string_view> names;
      for (auto const& option : options) names.push_back(option.info.name);
      throw_unknown("option of " + spec.name, key, names);
    }
  }
  if constexpr (requires { made.check(); }) made.check();
  return made;
}

/// Name and value of every option of `made`, in the order of T::options().
template <class T>
std::vector<std::pair<std::string, OptionValue>> option_values(T const& made) {
  std::vector<std::pair<std::string, OptionValue>> values;
  for (auto const& option : T::options()) values.emplace_back(option.info.name, option.get(made));
  return values;
}

}  // namespace retrace
