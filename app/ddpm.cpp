// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "table.hpp"

#include <retrace/sde/beta_schedule.hpp>
#include <retrace/sde/chain.hpp>
#include <retrace/sde/posterior.hpp>
#include <retrace/sde/respacing.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace retrace::app {
namespace {

std::string names_of_schedules() {
  std::string names;
  for (auto const& [name, schedule] : beta_schedules())
    names += (names.empty() ? "" : ", ") + std::string(name);
  return "Schedules: " + names + " (diffusers' name of cosine)\n";
}

struct Column {
  char const* name;  ///< in JSON
  char const* head;  ///< of the table
  std::vector<double> PosteriorTables::*values;
};

constexpr Column columns[] = {
    {"betas", "beta", &PosteriorTables::betas},
    {"alpha_bar", "alpha_bar", &PosteriorTables::alpha_bar},
    {"alpha_bar_prev", "alpha_bar_prev", &PosteriorTables::alpha_bar_prev},
    {"posterior_variance", "variance", &PosteriorTables::posterior_variance},
    {"posterior_log_variance_clipped", "log_clipped",
     &PosteriorTables::posterior_log_variance_clipped},
    {"posterior_mean_coef1", "coef1", &PosteriorTables::posterior_mean_coef1},
    {"posterior_mean_coef2", "coef2", &PosteriorTables::posterior_mean_coef2},
    {"fixed_large_log_variance", "log_large", &PosteriorTables::fixed_large_log_variance}};

/// The first and the last rows: a chain has hundreds.
std::string table_of(PosteriorTables const& tables) {
  constexpr std::int64_t shown = 8;  // at either end
  constexpr int digits = 6;
  std::vector<std::string> head{"index", "timestep"};
  for (Column const& column : columns) head.emplace_back(column.head);
  Table table(head);
  auto const size = std::ssize(tables.betas);
  for (std::int64_t i = 0; i < size; ++i) {
    if (i == shown && size > 2 * shown) {
      table.add({"..."});
      i = size - shown;
    }
    auto const at = static_cast<std::size_t>(i);
    std::vector<std::string> row{std::to_string(i), std::to_string(tables.timesteps[at])};
    for (Column const& column : columns)
      row.push_back(short_number((tables.*column.values)[at], digits));
    table.add(std::move(row));
  }
  return table.text();
}

}  // namespace

void ddpm_command(Words const& words) {
  Arguments arguments(
      {.command = "ddpm",
       .summary = "Show the tables of a DDPM chain: betas, alpha_bar and the posterior\n"
                  "q(x_{i-1} | x_i, x_0) = N(coef1 x_0 + coef2 x_i, variance). Index i is DDPM's\n"
                  "t = i + 1.",
       .notes = names_of_schedules(),
       .examples = {"--schedule cosine --steps 1000",
                    "--schedule linear --steps 1000 --respace ddim50 --json"}});
  Given const schedule_text = arguments.option("--schedule", "NAME", "how beta grows");
  Given const steps_text = arguments.option("--steps", "M", "number of steps of the chain");
  Given const respace = arguments.option(
      "--respace", "N|ddimN", "only N of them: evenly spaced, or every so many from index 0");
  arguments.parse(words);

  BetaSchedule const schedule = beta_schedule(schedule_text.text());
  std::int64_t const steps = steps_text.integer(1, most_chain_steps);
  Chain chain(betas_of(schedule, steps));
  if (respace) chain = chain.respaced(respaced_indices("--respace", respace.text(), steps));
  PosteriorTables const tables = posterior_tables(chain);

  if (arguments.json()) {
    JsonWriter writer(print);
    writer.member("schedule", schedule_text.text());
    writer.member("steps", steps);
    if (respace) writer.member("respace", respace.text());
    writer.member("timesteps", tables.timesteps);
    for (Column const& column : columns) writer.member(column.name, tables.*column.values);
    writer.finish();
  } else if (!arguments.quiet()) {
    print(table_of(tables));
  }
}

}  // namespace retrace::app
