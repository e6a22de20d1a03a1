// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>
#include <retrace/core/options.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace retrace::app {

using Json = nlohmann::ordered_json;

/// The value in one line. Doubles in shortest round-trip form (nlohmann's own are a digit too long
/// now and then), what is not finite as null, bytes that are no UTF-8 replaced.
[[nodiscard]] std::string json_text(Json const& value);

/// An object, a member a line, written as it comes, so that long lists need no memory.
class JsonWriter {
 public:
  using Sink = std::function<void(std::string_view)>;

  explicit JsonWriter(Sink sink) : sink_(std::move(sink)) {}
  void member(std::string_view name, Json const& value);
  /// A list, an item a line; at(k) is item k.
  void list(std::string_view name, std::int64_t count, std::function<Json(std::int64_t)> const& at);
  void finish();

 private:
  void key(std::string_view name);
  void flush_above(std::size_t bytes);

  Sink sink_;
  std::string text_;
  bool empty_ = true;
};

/// The whole object as JsonWriter writes it; lists of objects an item a line.
[[nodiscard]] std::string json_document(Json const& object);

[[nodiscard]] Json to_json(OptionValue const& value);
/// {t, alpha, sigma, lambda}, lambda null where it does not exist.
[[nodiscard]] Json to_json(NoiseLevel const& level);

}  // namespace retrace::app
