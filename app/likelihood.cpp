// SPDX-License-Identifier: Apache-2.0
#include "arrays.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "likelihood_plan.hpp"
#include "likelihood_run.hpp"
#include "output.hpp"
#include "table.hpp"

#include <retrace/core/memory.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/io/npz.hpp>
#include <retrace/targets/draw_rows.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace retrace::app {
namespace {

/// The points of the file, as continuous ones, or draws of the target.
NpyArray given_or_drawn(LikelihoodArguments const& arguments, LikelihoodPlan const& plan) {
  if (plan.integers)
    return dequantised_points(
        arguments.points,
        read_points(arguments.points, plan.subject, NpyNumbers::floats_or_integers), *plan.integers,
        plan.seed);
  if (!arguments.samples) return read_points(arguments.points, plan.subject);
  std::int64_t const n = arguments.samples.integer(0);
  Target const& target = *plan.subject.target();
  require_memory(std::to_string(n) + " points",
                 saturated_product({n, target.dimension(), std::int64_t{sizeof(double)}}));
  return {draw_rows(target, plan.seed, 0, n), n, target.dimension()};
}

/// As the model knows them.
NpyArray known_points(LikelihoodArguments const& arguments, LikelihoodPlan const& plan) {
  int const dimension = plan.subject.dimension();
  NpyArray array = given_or_drawn(arguments, plan);
  constexpr std::int64_t numbers = 12;  // of a point, besides its components
  require_memory(
      std::to_string(array.rows) + " points of " + std::to_string(dimension) + " numbers",
      saturated_product({array.rows, 4 * dimension + numbers, std::int64_t{sizeof(double)}}));
  if (Normalisation const* const n = plan.subject.normalisation())
    n->to_network(std::span(array.values));
  return array;
}

/// The arrays of the .npz; `values` are log p, or bounds of log P: the points where they were drawn
/// or made continuous; errors only with a budget, probes where each point has its own number.
void write_all(LikelihoodArguments const& arguments, Columns const& found,
               LikelihoodPlan const& plan, NpyArray const& points,
               std::vector<double> const& values) {
  std::vector<NpzEntry> arrays;
  for (auto const& [name, width, column] : found.all()) {
    if (name == "budget_evaluations" || (name == "probes" && !plan.half_width)) continue;
    auto const size = static_cast<std::int64_t>(column.size());
    arrays.push_back(
        {name, width == 0 ? std::vector{size} : std::vector{size / width, width}, column.data()});
  }
  if (plan.integers)
    arrays.push_back(
        {"log_probability", {static_cast<std::int64_t>(values.size())}, values.data()});
  std::vector<double> continuous;
  if (arguments.samples || plan.integers) {
    continuous = points.values;
    if (Normalisation const* const n = plan.subject.normalisation())
      n->to_data(std::span(continuous));
    arrays.push_back({"points", {points.rows, points.columns}, continuous.data()});
  }
  write_npz(arguments.out.text(), arrays);
}

void write(LikelihoodArguments const& arguments, Columns const& found, LikelihoodPlan const& plan,
           NpyArray const& points, std::vector<double> const& values) {
  std::string const& path = arguments.out.text();
  if (path.ends_with(".npz")) return write_all(arguments, found, plan, points, values);
  std::array const shape{static_cast<std::int64_t>(values.size())};
  write_npy<double>(path, values.data(), shape);
}

double largest(std::vector<double> const& values) {
  return values.empty() ? 0 : *std::max_element(values.begin(), values.end());
}

/// What is known of the probes of a run that has some.
void add_probes(Json& facts, LikelihoodPlan const& plan, Columns const& found) {
  facts["probes"] = plan.half_width ? Json(found.mean("probes"))
                                    : Json(static_cast<std::int64_t>(largest(found["probes"])));
  facts["probe_law"] = plan.law == ProbeLaw::gaussian ? "gaussian" : "rademacher";
  facts["seed"] = plan.seed;
  if (!plan.half_width) return;
  auto const& reached = found["half_width"];
  facts["half_width"] = {{"wanted", plan.half_width->nats},
                         {"confidence", plan.half_width->confidence},
                         {"mean", found.mean("half_width")},
                         {"max", largest(reached)}};
  auto const& probes = found["probes"];
  std::int64_t short_of = 0;
  for (std::size_t row = 0; row < reached.size(); ++row)
    if (probes[row] < HalfWidth::fewest_probes || !(reached[row] <= plan.half_width->nats))
      ++short_of;
  facts["short_of_half_width"] = short_of;
}

Json facts_of(LikelihoodArguments const& arguments, LikelihoodPlan const& plan,
              Columns const& found, std::vector<double> const& values, double seconds) {
  int const dimension = plan.subject.dimension();
  double const mean_logp = found.mean("logp");
  Spread spread;
  spread.add(values);
  Json facts{{plan.subject.key(), plan.subject.text()},
             {"sde", plan.sde_text},
             {"solver", plan.solver},
             {"grid", plan.grid ? Json(plan.grid->text) : Json()},
             {"divergence", plan.divergence},
             {"from", plan.grid ? plan.grid->grid.time(0) : *plan.span.from},
             {"to", plan.grid ? plan.grid->grid.time(plan.grid->grid.count()) : *plan.span.to},
             {"points", values.size()},
             {"dimension", dimension},
             {"mean_logp", mean_logp},
             {"standard_error", spread.standard_error()},
             {"bits_per_dimension", bits_per_dimension(spread.mean, dimension)}};
  if (plan.integers) {
    facts["mean_log_probability"] = spread.mean;
    facts["integers"] = json_of(*plan.integers);
  }
  ConditionOptions{arguments.of_class, arguments.condition}.add_to(facts);
  if (plan.truncation == Truncation::corrected) facts["correction"] = found.mean("correction");
  if (!arguments.no_budget)
    facts["error"] = {{"ode", found.mean("error_ode")},
                      {"trace", found.mean("error_trace")},
                      {"prior", found.mean("error_prior")},
                      {"truncation", found.mean("error_truncation")}};
  if (arguments.round_trip)
    facts["round_trip"] = {{"mean", found.mean("round_trip")},
                           {"max", largest(found["round_trip"])}};
  if (plan.pilots)
    facts["pilots"] = {{"points", plan.pilots->points},
                       {"steps", plan.grid->grid.count()},
                       {"error", plan.pilots->error},
                       {"aim", *plan.error}};
  facts["evaluations"] = found.mean("evaluations");
  if (!arguments.no_budget) facts["budget_evaluations"] = found.mean("budget_evaluations");
  if (plan.divergence != "exact") add_probes(facts, plan, found);
  if (arguments.samples || plan.integers) facts["seed"] = plan.seed;
  if (plan.score_error) facts["score_error"] = arguments.score_error.text();
  facts["seconds"] = seconds;
  facts["out"] = arguments.out.text();
  return facts;
}

void report(LikelihoodArguments const& arguments, LikelihoodPlan const& plan, Outlet const& outlet,
            Json const& facts) {
  if (arguments.json()) return print(json_document(facts));
  auto const number = [&](char const* key) { return short_number(facts[key].get<double>(), 6); };
  std::string text = json_text(facts["points"]) + " points on " + printable(plan.sde_text) +
                     " by " + printable(plan.solver) + ", divergence " + plan.divergence + ", " +
                     number("evaluations") + " evaluations each, in " +
                     short_number(facts["seconds"].get<double>()) + " s\nmean log p " +
                     number("mean_logp") + " nats" +
                     (plan.integers ? " of the points made continuous\nmean log P at least " +
                                          number("mean_log_probability") + " nats, at most "
                                    : ", ") +
                     number("bits_per_dimension") + " bits per dimension\n";
  if (plan.integers) text += text_of(*plan.integers) + "\n";
  if (facts["standard_error"].get<double>() < std::numeric_limits<double>::infinity())
    text += "standard error of the mean " + number("standard_error") + " nats\n";
  if (facts.contains("half_width"))
    text +=
        "half-width of the probes' interval: mean " +
        short_number(facts["half_width"]["mean"].get<double>()) + ", at most " +
        short_number(facts["half_width"]["max"].get<double>()) + ", with " + number("probes") +
        " probes each; not reached within the limits: " + json_text(facts["short_of_half_width"]) +
        " points\n";
  if (facts.contains("round_trip"))
    text += "round trip |x - x'|: mean " + short_number(facts["round_trip"]["mean"].get<double>()) +
            ", at most " + short_number(facts["round_trip"]["max"].get<double>()) + "\n";
  if (facts.contains("pilots"))
    text += json_text(facts["pilots"]["steps"]) + " steps, on which " +
            json_text(facts["pilots"]["points"]) + " pilots are off by " +
            short_number(facts["pilots"]["error"].get<double>()) + " nats\n";
  if (facts.contains("error")) {
    text += "mean errors:";
    for (auto const& [cause, nats] : facts["error"].items())
      text += (cause == "ode" ? " " : ", ") + cause + " " + short_number(nats.get<double>());
    text += "\n";
  }
  outlet.say(text + retrace::quoted(arguments.out.text()) + ": " +
             (plan.integers ? "log P, log p" : "log p") +
             (arguments.out.text().ends_with(".npz") ? " and its error budget" : "") + "\n");
}

}  // namespace

void likelihood_command(Words const& words) {
  LikelihoodArguments arguments;
  arguments.parse(words);
  LikelihoodPlan plan = likelihood_plan_of(arguments);
  Outlet const outlet(arguments, arguments.out.text());
  adopt_seed(arguments, plan);
  Runtime const runtime(arguments.threads());
  NpyArray const points = known_points(arguments, plan);
  auto const begin = std::chrono::steady_clock::now();
  choose_steps(plan, points);
  Columns const found = likelihood_run(arguments, plan, points);
  std::chrono::duration<double> const seconds = std::chrono::steady_clock::now() - begin;
  std::vector<double> const values =
      plan.integers ? log_probabilities(found["logp"], *plan.integers, plan.subject.dimension())
                    : found["logp"];
  write(arguments, found, plan, points, values);
  Written written(arguments.out.text());
  report(arguments, plan, outlet, facts_of(arguments, plan, found, values, seconds.count()));
  written.keep();
  if (arguments.checkpoint) std::filesystem::remove(arguments.checkpoint.text());
}

}  // namespace retrace::app
