// SPDX-License-Identifier: Apache-2.0
#include "choices.hpp"

#include <retrace/core/shortest.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/registry.hpp>

#include <algorithm>
#include <type_traits>
#include <variant>

namespace retrace::app {
namespace {

/// Whether the rule ends at sigma = 0 only because nobody said otherwise.
bool ends_clean_by_default(Spec const& spec) {
  auto const& options = find_entry("grid", spec.name, grid_rules()).options;
  auto const is_final = [](auto const& option) { return option.name == "final"; };
  auto const found = std::find_if(options.begin(), options.end(), is_final);
  bool const chosen = std::any_of(spec.options.begin(), spec.options.end(),
                                  [](auto const& option) { return option.first == "final"; });
  return found != options.end() && found->fallback == OptionValue("zero") && !chosen;
}

template <class Entries>
std::string names_of(std::string_view what, Entries const& entries) {
  constexpr std::size_t indent = 2;
  std::string names;
  for (auto const& entry : entries) names += (names.empty() ? "" : ", ") + entry.name;
  return std::string(what) + ":\n" + wrapped(names, indent);
}

std::string text_of(OptionValue const& value) {
  return std::visit(
      [](auto const& v) {
        if constexpr (std::is_same_v<std::decay_t<decltype(v)>, double>)
          return shortest(v);
        else if constexpr (std::is_same_v<std::decay_t<decltype(v)>, std::string>)
          return v;
        else
          return std::to_string(v);
      },
      value);
}

}  // namespace

std::optional<ScoreError> score_error_of(Given const& option, int dimension) {
  if (!option) return {};
  ScoreError const error = make_score_error(option.text());
  static_cast<void>(ScoreErrorField(error, dimension));
  return error;
}

ChosenSampler choose_sampler(std::string text, Sde const& sde) {
  if (sde.is_discrete()) {
    text = discrete_text(std::move(text));
    require_discrete(text);
  }
  AnySampler sampler = make_sampler(text);
  Traits const traits =
      traced_traits(sampler, sde.is_discrete() ? Time::indices : Time::continuous);
  SamplerInfo const& info = sampler_entry(text).info;
  return {std::move(text), std::move(sampler), info, traits};
}

Range times_of(Sde const& sde) { return {.low = sde.t_min(), .high = sde.t_max()}; }

Span span_of(Sde const& sde, Given const& from, Given const& to) {
  Span span;
  for (Given const* option : {&from, &to})
    if (*option && sde.is_discrete())
      throw Error(Fault::argument,
                  option->name() + " does not fit sde " + retrace::quoted(sde.name()),
                  "its grids are made of indices", "give --times, or another --grid");
  if (from) span.from = from.real(times_of(sde));
  if (to) span.to = to.real(times_of(sde));
  return span;
}

std::string default_rule(Sde const& sde) { return sde.is_discrete() ? "leading" : "uniform"; }

ChosenGrid rule_grid(std::string rule, Sde const& sde, std::int64_t steps, Span span) {
  Spec const spec = Spec::parse(rule);
  if (!sde.is_discrete()) {
    Ends const ends = ends_of(sde, span);
    if (ends.from < ends.to && ends_clean_by_default(spec))
      rule += std::string(spec.options.empty() ? ":" : ",") + "final=eps";
  }
  Grid grid = make_grid(rule, sde, steps, span);
  return {std::move(rule), std::move(grid)};
}

ChosenGrid sampler_grid(ChosenSampler const& chosen, Sde const& sde,
                        std::optional<std::string> const& rule, std::int64_t steps, Span span) {
  if (!sde.is_discrete()) span.to = span.to.value_or(sde.default_end(chosen.traits.solver));
  if (!rule)
    if (auto own = chosen.sampler.own_grid(sde, steps, span)) return {"own", std::move(*own)};
  return rule_grid(rule.value_or(recommended_grid(chosen.info, sde)), sde, steps, span);
}

ChosenGrid times_grid(Sde const& sde, Given const& times) {
  std::vector<double> const values = times.reals(times_of(sde));
  if (values.size() < 2 && !sde.is_discrete())
    throw Error(Fault::argument, times.name() + " has only one time",
                "a grid needs at least two, between commas");
  try {
    if (!sde.is_discrete()) return {"times", Grid(sde, values)};
    if (values.size() > 1 && values[1] > values[0])
      throw Error(Fault::argument, "the indices rise", "the clean end follows the last",
                  "give them from noise to data");
    return {"times", Grid(sde, values, Final::zero)};
  } catch (Error const& error) {
    throw Error(error.fault(), times.name() + ": " + error.what());
  }
}

ChosenGrid asked_grid(ChosenSampler const& chosen, Sde const& sde, GridOptions const& options,
                      Span const& otherwise) {
  refuse_own_grid(chosen, sde, options.grid);
  refuse_own_grid(chosen, sde, options.times);
  if (options.times) {
    for (Given const* option : {&options.steps, &options.grid, &options.from, &options.to})
      refuse_together(options.times, *option, "--times gives the levels themselves");
    return times_grid(sde, options.times);
  }
  if (!options.steps)
    throw Error(Fault::argument, "--steps is missing", "give --steps N or --times T,T,...");
  std::optional<std::string> rule;
  if (options.grid) rule = options.grid.text();
  std::int64_t const steps = options.steps.integer(1, Grid::max_steps);
  Span span = span_of(sde, options.from, options.to);
  if (!span.from) span.from = otherwise.from;
  if (!span.to) span.to = otherwise.to;
  return sampler_grid(chosen, sde, rule, steps, span);
}

void refuse_own_grid(ChosenSampler const& chosen, Sde const& sde, Given const& option) {
  constexpr std::int64_t any_number = 8;
  if (option && chosen.sampler.own_grid(sde, any_number, {}))
    throw Error(Fault::argument,
                option.name() + " does not fit sampler " + retrace::quoted(chosen.text),
                "its grid is part of the method", "leave " + option.name() + " out");
}

std::string names_of_samplers() { return names_of("Samplers", samplers()); }
std::string names_of_sdes() { return names_of("SDEs", sdes()); }
std::string names_of_grids() { return names_of("Grids", grid_rules()); }
std::string names_of_targets() { return names_of("Targets", targets()); }

std::string names_of_score_errors() {
  std::string text = "Score errors, with the defaults of their options:\n";
  for (auto const& kind : score_error_kinds()) {
    std::string options;
    for (OptionInfo const& option : kind.options)
      options += (options.empty() ? ":" : ",") + option.name + "=" + text_of(option.fallback);
    text += "  " + kind.name + options + "\n";
  }
  return text;
}

}  // namespace retrace::app
