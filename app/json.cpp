// SPDX-License-Identifier: Apache-2.0
#include "json.hpp"

#include <charconv>
#include <cmath>

namespace retrace::app {
namespace {

std::string string_text(std::string const& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string number_text(double value) {
  if (!std::isfinite(value)) return "null";
  char text[32];
  std::string out(text, std::to_chars(text, text + sizeof text, value).ptr);
  // Readers that tell integers from reals shall read a real.
  return out.find_first_of(".e") == std::string::npos ? out + ".0" : out;
}

void append(Json const& value, std::string& out) {
  if (value.is_object()) {
    out += '{';
    bool first = true;
    for (auto const& [key, member] : value.items()) {
      out += (first ? "" : ", ") + string_text(key) + ": ";
      append(member, out);
      first = false;
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    bool first = true;
    for (Json const& item : value) {
      if (!first) out += ", ";
      append(item, out);
      first = false;
    }
    out += ']';
  } else if (value.is_number_float()) {
    out += number_text(value.get<double>());
  } else if (value.is_string()) {
    out += string_text(value.get_ref<std::string const&>());
  } else {
    out += value.dump();
  }
}

}  // namespace

std::string json_text(Json const& value) {
  std::string out;
  append(value, out);
  return out;
}

void JsonWriter::key(std::string_view name) {
  text_ += (empty_ ? "{\n  " : ",\n  ") + string_text(std::string(name)) + ": ";
  empty_ = false;
}

void JsonWriter::flush_above(std::size_t bytes) {
  if (text_.size() <= bytes) return;
  sink_(text_);
  text_.clear();
}

void JsonWriter::member(std::string_view name, Json const& value) {
  key(name);
  append(value, text_);
}

void JsonWriter::list(std::string_view name, std::int64_t count,
                      std::function<Json(std::int64_t)> const& at) {
  constexpr std::size_t at_once = std::size_t{64} << 10;
  key(name);
  text_ += '[';
  for (std::int64_t k = 0; k < count; ++k) {
    text_ += k == 0 ? "\n    " : ",\n    ";
    append(at(k), text_);
    flush_above(at_once);
  }
  text_ += ']';
}

void JsonWriter::finish() {
  text_ += empty_ ? "{}\n" : "\n}\n";
  flush_above(0);
}

std::string json_document(Json const& object) {
  std::string text;
  JsonWriter writer([&](std::string_view piece) { text += piece; });
  for (auto const& [key, value] : object.items()) {
    if (value.is_array() && !value.empty() && value.front().is_object()) {
      Json const& items = value;
      writer.list(key, static_cast<std::int64_t>(items.size()),
                  [&](std::int64_t k) { return items[static_cast<std::size_t>(k)]; });
    } else {
      writer.member(key, value);
    }
  }
  writer.finish();
  return text;
}

Json to_json(OptionValue const& value) {
  return std::visit([](auto const& v) { return Json(v); }, value);
}

Json to_json(NoiseLevel const& level) {
  return {{"t", level.t()},
          {"alpha", level.alpha()},
          {"sigma", level.sigma()},
          {"lambda", level.has_lambda() ? Json(level.lambda()) : Json()}};
}

}  // namespace retrace::app
