// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/options.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/nn/architecture.hpp>
#include <retrace/torch/module_conventions.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <utility>

namespace retrace {
namespace {

using Kind = ModuleTime::Kind;

constexpr std::array kinds{std::pair<std::string_view, Kind>{"time", Kind::time},
                           std::pair<std::string_view, Kind>{"log-sigma", Kind::log_sigma},
                           std::pair<std::string_view, Kind>{"sigma", Kind::sigma},
                           std::pair<std::string_view, Kind>{"index", Kind::index}};

constexpr std::int64_t most_numbers = std::int64_t{1} << 24;

}  // namespace

Prediction parse_prediction(std::string_view text) {
  return choice_named("prediction", text, names<Prediction>());
}

ModuleTime ModuleTime::parse(std::string_view text) {
  Spec const spec = Spec::parse(text);
  ModuleTime time{.kind = choice_named("conditioning", spec.name, kinds)};
  for (auto const& [key, value] : spec.options) {
    constexpr std::array<std::string_view, 1> known{"scale"};
    bool const of_time = time.kind == Kind::time;
    if (!of_time || key != known[0])
      throw_unknown("option of " + spec.name, key, std::span(known).first(of_time ? 1 : 0));
    time.scale = parse_real(key, value, Range::positive());
  }
  return time;
}

double ModuleTime::at(NoiseLevel const& level) const {
  switch (kind) {
    case Kind::time:
      return scale * level.t();
    case Kind::log_sigma:
      return condition({.conditioning = Conditioning::log_sigma}, level);
    case Kind::sigma:
      return level.rho();
    case Kind::index:
      break;
  }
  // Only discrete processes have no derivatives.
  if (std::isfinite(level.alpha_rate()) || level.t() != std::nearbyint(level.t()))
    throw Error(Fault::argument,
                "the module wants an index, and t = " + shortest(level.t()) + " is none",
                "the process is continuous", "take --sde ddpm, or another --conditioning");
  return level.t();
}

std::vector<std::int64_t> parse_shape(std::string_view what, std::string_view text) {
  std::vector<std::int64_t> shape;
  std::int64_t product = 1;
  for (std::size_t begin = 0; begin <= text.size();) {
    std::size_t const end = std::min(text.find('x', begin), text.size());
    shape.push_back(parse_integer(what, text.substr(begin, end - begin), 1, most_numbers));
    product *= shape.back();
    if (product > most_numbers)
      throw Error(Fault::argument,
                  std::string(what) + " " + retrace::quoted(text) + " is too large",
                  "a sample has at most 2^24 numbers");
    begin = end + 1;
  }
  return shape;
}

std::string shape_text(std::vector<std::int64_t> const& shape) {
  std::string text;
  for (std::int64_t const n : shape) text += (text.empty() ? "" : "x") + std::to_string(n);
  return text;
}

ModuleConventions ModuleConventions::parse(std::string_view json, std::string_view file) {
  auto const refuse = [&](std::string const& reason, std::string_view suggestion) {
    throw Error(Fault::file, "cannot use " + retrace::quoted(file), "its retrace.json " + reason,
                suggestion);
  };
  auto const object = nlohmann::json::parse(json, nullptr, false);
  if (!object.is_object()) refuse("is no JSON object", "see docs/networks.md");
  ModuleConventions made;
  for (auto const& [key, value] : object.items()) {
    try {
      if (key == "shape") {
        std::string text;
        for (auto const& n : value) text += (text.empty() ? "" : "x") + n.dump();
        made.shape = parse_shape(key, value.is_array() ? text : "none");
      } else if (!value.is_string()) {
        refuse("has no text as " + retrace::quoted(key), "see docs/networks.md");
      } else if (key == "prediction") {
        made.prediction = parse_prediction(value.get<std::string>());
      } else if (key == "conditioning") {
        made.time = ModuleTime::parse(value.get<std::string>());
      } else if (key == "sde") {
        made.sde = value.get<std::string>();
      } else {
        constexpr std::array<std::string_view, 4> known{"shape", "prediction", "conditioning",
                                                        "sde"};
        throw_unknown("field", key, known);
      }
    } catch (Error const& error) {
      if (error.fault() == Fault::file) throw;
      refuse(std::string("is not understood: ") + error.what(), "");
    }
  }
  return made;
}

ModuleConventions ModuleConventions::or_else(ModuleConventions const& others) const {
  ModuleConventions made = *this;
  if (made.shape.empty()) made.shape = others.shape;
  if (!made.prediction) made.prediction = others.prediction;
  if (!made.time) made.time = others.time;
  if (made.sde.empty()) made.sde = others.sde;
  return made;
}

}  // namespace retrace
