// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "table.hpp"

#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/registry.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace retrace::app {
namespace {

Json order_json(std::optional<int> const& order) { return order ? Json(*order) : Json(); }
/// Whole numbers without a point.
Json order_json(std::optional<double> const& order) {
  if (!order) return {};
  int const whole = static_cast<int>(*order);
  return whole == *order ? Json(whole) : Json(*order);
}

template <class Made>
Json entry_json(Entry<Made> const& entry) {
  Json options = Json::array();
  for (OptionInfo const& option : entry.options)
    options.push_back({{"name", option.name},
                       {"summary", option.summary},
                       {"range", option.range},
                       {"default", to_json(option.fallback)}});
  return {{"name", entry.name},
          {"summary", entry.summary},
          {"paper", entry.paper},
          {"options", std::move(options)}};
}

Json sdes_json() {
  Json list = Json::array();
  for (auto const& entry : sdes()) list.push_back(entry_json(entry));
  return list;
}

Json grids_json() {
  Json list = Json::array();
  for (auto const& entry : grid_rules()) list.push_back(entry_json(entry));
  return list;
}

Json samplers_json() {
  Json list = Json::array();
  for (SamplerEntry const& entry : samplers()) {
    Traits const traits = traced_traits(make_sampler(entry.name));
    bool const deterministic = traits.solver == Solver::deterministic;
    auto const where = [](bool holds, auto const& order) {
      return holds ? order_json(order) : Json();
    };
    Json item = entry_json(entry);
    item["deterministic"] = deterministic;
    item["adaptive"] = entry.info.stepping == Stepping::adaptive;
    item["order"] = where(deterministic, entry.info.order);
    item["weak_order"] = where(!deterministic, entry.info.weak_order);
    item["strong_order"] = where(!deterministic, entry.info.strong_order);
    item["evaluations_per_step"] = traits.evaluations_per_step;
    item["equal_steps"] = entry.info.steps == Steps::smooth;
    list.push_back(std::move(item));
  }
  return list;
}

Json targets_json() {
  Json list = Json::array();
  for (TargetEntry const& entry : targets()) {
    list.push_back(entry_json(entry));
    list.back()["dimension"] = entry.dimension;
  }
  return list;
}

/// What a line of the table says besides the summary.
std::string remarks_of(Json const& item) {
  std::string text;
  auto const add = [&](std::string const& remark) { text += (text.empty() ? "" : ", ") + remark; };
  auto const number = [&](char const* key) { return short_number(item[key].get<double>(), 6); };
  if (item.contains("dimension")) add("dimension " + number("dimension"));
  if (!item.contains("deterministic")) return text;
  if (!item["order"].is_null()) add("order " + number("order"));
  if (!item["weak_order"].is_null()) add("weak order " + number("weak_order"));
  if (!item["strong_order"].is_null()) add("strong order " + number("strong_order"));
  if (item["equal_steps"].get<bool>()) add("on smooth grids");
  add("evaluations a step: " + number("evaluations_per_step"));
  return text;
}

std::string table_of(std::string const& title, Json const& items) {
  constexpr std::size_t column = 18;
  std::string text = title + "\n";
  for (Json const& item : items) {
    std::string const name = item["name"].get<std::string>();
    std::string const remarks = remarks_of(item);
    text += "  " + name + std::string(name.size() < column ? column - name.size() : 1, ' ') +
            item["summary"].get<std::string>() + (remarks.empty() ? "" : " (" + remarks + ")") +
            "\n";
    for (Json const& option : item["options"]) {
      auto const& fallback = option["default"];
      text += std::string(column + 4, ' ') + option["name"].get<std::string>() + "=" +
              (fallback.is_string() ? fallback.get<std::string>()
                                    : short_number(fallback.get<double>(), 6)) +
              "  " + option["range"].get<std::string>() + ": " +
              option["summary"].get<std::string>() + "\n";
    }
  }
  return text;
}

}  // namespace

void list_command(Words const& words) {
  struct List {
    std::string name;
    Json (*make)();
  };
  std::vector<List> const lists{{"sdes", sdes_json},
                                {"grids", grids_json},
                                {"samplers", samplers_json},
                                {"targets", targets_json}};
  std::vector<std::string> operands;
  for (List const& list : lists) operands.push_back(list.name);
  Arguments arguments({.command = "list",
                       .summary = "Show what can be asked for by name, with options, their ranges "
                                  "and defaults.\nAfter `list` may stand one of sdes, grids, "
                                  "samplers, targets; all are shown without.",
                       .examples = {"", "samplers --json"},
                       .operands = operands});
  arguments.parse(words);

  std::string const& only = arguments.operand();
  std::vector<std::string_view> const names(operands.begin(), operands.end());
  Json object = Json::object();
  for (List const& list : lists)
    if (only.empty() || only == list.name) object[list.name] = list.make();
  if (object.empty()) throw_unknown("list", only, names);

  if (arguments.json()) return print(json_document(object));
  if (arguments.quiet()) return;
  std::string text;
  for (auto const& [name, items] : object.items())
    text += (text.empty() ? "" : "\n") + table_of(name, items);
  print(text);
}

}  // namespace retrace::app
