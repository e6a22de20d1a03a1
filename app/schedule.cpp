// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"
#include "choices.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"

#include <retrace/sde/registry.hpp>

#include <cmath>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>
#include <vector>

namespace retrace::app {
namespace {

/// The levels to show, made one by one: there may be millions.
struct Levels {
  std::string grid;
  std::int64_t count;
  std::function<NoiseLevel(std::int64_t)> at;
};

Levels levels_of(ChosenGrid chosen) {
  std::int64_t const count = chosen.grid.count() + 1;
  return {std::move(chosen.text), count,
          [grid = std::move(chosen.grid)](std::int64_t k) { return grid.level(k); }};
}

Levels levels_at(Sde const& sde, std::vector<double> times) {
  auto const count = static_cast<std::int64_t>(times.size());
  for (double const t : times) static_cast<void>(sde.at(t));  // errors come before any output
  return {"t", count, [sde, times = std::move(times)](std::int64_t k) {
            return sde.at(times[static_cast<std::size_t>(k)]);
          }};
}

Json with_drift(NoiseLevel const& level) {
  Json json = to_json(level);
  json["f"] = level.has_drift() ? Json(level.f()) : Json();
  json["g2"] = level.has_drift() ? Json(level.g2()) : Json();
  return json;
}

void print_table(Levels const& levels) {
  constexpr std::size_t at_once = std::size_t{64} << 10;
  char line[128];
  std::string text;
  auto const add = [&](auto format, auto... values) {
    std::snprintf(line, sizeof line, format, values...);
    text += line;
  };
  add("%13s %13s %13s %13s %13s %13s\n", "t", "alpha", "sigma", "lambda", "f", "g2");
  for (std::int64_t k = 0; k < levels.count; ++k) {
    NoiseLevel const level = levels.at(k);
    double const none = std::numeric_limits<double>::quiet_NaN();
    for (double const value :
         {level.t(), level.alpha(), level.sigma(), level.has_lambda() ? level.lambda() : none,
          level.has_drift() ? level.f() : none, level.has_drift() ? level.g2() : none}) {
      if (std::isnan(value))
        add("%13s ", "-");
      else
        add("%13.7g ", value);
    }
    text.back() = '\n';
    if (text.size() > at_once) {
      print(text);
      text.clear();
    }
  }
  print(text);
}

}  // namespace

void schedule_command(Words const& words) {
  Arguments arguments({.command = "schedule",
                       .summary = "Show the noise levels of a forward SDE: "
                                  "p(x_t | x_0) = N(alpha x_0, sigma^2 I),\n"
                                  "lambda = log(alpha / sigma), dx = f x dt + g dw.",
                       .notes = names_of_sdes() + names_of_grids(),
                       .examples = {"--sde vp --grid karras --steps 10",
                                    "--sde edm:sigma_max=50 --t 0.1,1,10 --json",
                                    "--sde ddpm:schedule=cosine --grid trailing --steps 10"}});
  Given const sde_text = arguments.option("--sde", "NAME", "the SDE");
  Given const t = arguments.option("--t", "T,T,...", "any times, in any order");
  Given const times = arguments.option("--times", "T,T,...", "a grid: strictly monotone times");
  Given const grid =
      arguments.option("--grid", "NAME", "a grid by its rule (default: uniform; ddpm: leading)");
  Given const steps = arguments.option("--steps", "N", "its number of steps");
  Given const from = arguments.option("--from", "T", "its first time (default: the largest)");
  Given const to =
      arguments.option("--to", "T", "its last time with sigma > 0 (default: 1e-5; edm: sigma_min)");
  arguments.parse(words);

  Sde const sde = make_sde(sde_text.text());
  refuse_together(t, times, "one gives any levels, the other a grid");
  for (Given const* option : {&grid, &steps, &from, &to}) {
    refuse_together(t, *option, "--t gives the levels themselves");
    refuse_together(times, *option, "--times gives the levels themselves");
  }
  if (!t && !times && !steps)
    throw Error(Fault::argument, "--steps is missing", "a grid needs it", "or give --t or --times");

  Levels const levels =
      t       ? levels_at(sde, t.reals(times_of(sde)))
      : times ? levels_of(times_grid(sde, times))
              : levels_of(rule_grid(grid ? grid.text() : default_rule(sde), sde,
                                    steps.integer(1, Grid::max_steps), span_of(sde, from, to)));

  if (arguments.json()) {
    Json options = Json::object();
    for (auto const& [key, value] : sde.options()) options[key] = to_json(value);
    JsonWriter writer(print);
    writer.member("sde", std::string(sde.name()));
    writer.member("options", options);
    writer.member("grid", levels.grid);
    writer.list("levels", levels.count, [&](std::int64_t k) { return with_drift(levels.at(k)); });
    writer.finish();
  } else if (!arguments.quiet()) {
    print_table(levels);
  }
}

}  // namespace retrace::app
