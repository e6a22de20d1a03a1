// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "json.hpp"
#include "likelihood_plan.hpp"
#include "output.hpp"
#include "table.hpp"

#include <retrace/core/memory.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/io/npz.hpp>

#include <array>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace::app {
namespace {

constexpr std::int64_t default_evaluations = 100'000;

/// As the model knows them.
NpyArray read_points(LikelihoodArguments const& arguments, LikelihoodPlan const& plan) {
  int const dimension = plan.subject.dimension();
  NpyArray array = read_npy(arguments.points.text());
  if (array.columns != dimension)
    throw Error(
        Fault::argument,
        "--points " + retrace::quoted(arguments.points.text()) + " has the shape [" +
            std::to_string(array.rows) + ", " + std::to_string(array.columns) + "]",
        "the " + std::string(plan.subject.key()) + " needs [n, " + std::to_string(dimension) + "]");
  constexpr std::int64_t numbers = 12;  // of a point, besides its components
  require_memory(
      std::to_string(array.rows) + " points of " + std::to_string(dimension) + " numbers",
      saturated_product({array.rows, 4 * dimension + numbers, std::int64_t{sizeof(double)}}));
  if (Normalisation const* const n = plan.subject.normalisation())
    for (std::size_t i = 0; i < array.values.size(); ++i) {
      std::size_t const c = i % n->mean.size();
      array.values[i] = (array.values[i] - n->mean[c]) / n->std[c];
    }
  return array;
}

Likelihood by_grid(LikelihoodPlan const& plan, NpyArray const& points, Budget budget) {
  LikelihoodOptions const options{.budget = budget};
  Grid const& grid = plan.grid->grid;
  return plan.subject.target()
             ? log_likelihood(*plan.subject.target(), plan.solver, grid, points.values, options)
             : log_likelihood(plan.subject.trained()->network, plan.solver, grid, points.values,
                              options);
}

Likelihood by_adaptive_steps(LikelihoodPlan const& plan, NpyArray const& points,
                             LikelihoodOptions const& options) {
  auto const of = [&](auto const& model) {
    return log_likelihood(model, plan.sde, plan.solver, points.values, options);
  };
  if (plan.subject.trained()) return of(host_model(plan.subject.trained()->network));
  Target const& target = *plan.subject.target();
  return plan.error ? of(spoiled(target, *plan.error)) : of(target);
}

/// The density of the data, where points have been normalised.
void make_density_of_data(LikelihoodPlan const& plan, Likelihood& found) {
  Normalisation const* const n = plan.subject.normalisation();
  if (n == nullptr) return;
  double volume = 0;
  for (double const std : n->std) volume += std::log(std::abs(std));
  for (double& value : found.delta_logp) value -= volume;
  for (double& value : found.logp) value -= volume;
}

Likelihood run(LikelihoodArguments const& arguments, LikelihoodPlan const& plan,
               NpyArray const& points) {
  Budget const budget = arguments.no_budget ? Budget::none : Budget::full;
  if (plan.grid) return by_grid(plan, points, budget);
  return by_adaptive_steps(plan, points,
                           {.span = plan.span,
                            .divergence = divergence_of(arguments, plan, points.rows),
                            .encode = {.tolerance = plan.tolerance,
                                       .max_evaluations = arguments.max_evaluations
                                                              ? arguments.max_evaluations.integer(1)
                                                              : default_evaluations},
                            .budget = budget});
}

double mean(std::vector<double> const& values) {
  return values.empty() ? 0
                        : std::accumulate(values.begin(), values.end(), 0.0) /
                              static_cast<double>(values.size());
}

std::vector<double> real(std::vector<std::int64_t> const& counts) {
  return {counts.begin(), counts.end()};
}

/// The arrays of the .npz; `error` only with a budget.
void write_all(std::string const& path, Likelihood const& found) {
  auto const n = static_cast<std::int64_t>(found.logp.size());
  std::vector<std::int64_t> const list{n}, states{n, static_cast<std::int64_t>(found.z.extent(1))};
  std::vector<double> const evaluations = real(found.evaluations);
  std::vector<double> total;
  ErrorBudget const& error = found.error;
  for (std::size_t row = 0; row < error.ode.size(); ++row) total.push_back(error.total(row));
  std::vector<NpzEntry> arrays{{"logp", list, found.logp.data()},
                               {"prior_logp", list, found.prior_logp.data()},
                               {"delta_logp", list, found.delta_logp.data()},
                               {"z", states, found.z.data()},
                               {"evaluations", list, evaluations.data()}};
  if (error.ode.size() == found.logp.size())
    arrays.insert(arrays.end(), {{"error", list, total.data()},
                                 {"error_ode", list, error.ode.data()},
                                 {"error_trace", list, error.trace.data()},
                                 {"error_prior", list, error.prior.data()},
                                 {"error_truncation", list, error.truncation.data()}});
  write_npz(path, arrays);
}

void write(std::string const& path, Likelihood const& found) {
  if (path.ends_with(".npz")) return write_all(path, found);
  std::array const shape{static_cast<std::int64_t>(found.logp.size())};
  write_npy<double>(path, found.logp.data(), shape);
}

Json facts_of(LikelihoodArguments const& arguments, LikelihoodPlan const& plan,
              Likelihood const& found) {
  int const dimension = plan.subject.dimension();
  double const mean_logp = mean(found.logp);
  Json facts{{plan.subject.key(), plan.subject.text()},
             {"sde", plan.sde_text},
             {"solver", plan.solver},
             {"grid", plan.grid ? Json(plan.grid->text) : Json()},
             {"divergence", plan.divergence},
             {"from", plan.grid ? plan.grid->grid.time(0) : *plan.span.from},
             {"to", plan.grid ? plan.grid->grid.time(plan.grid->grid.count()) : *plan.span.to},
             {"points", found.logp.size()},
             {"dimension", dimension},
             {"mean_logp", mean_logp},
             {"bits_per_dimension", bits_per_dimension(mean_logp, dimension)}};
  if (!arguments.no_budget)
    facts["error"] = {{"ode", mean(found.error.ode)},
                      {"trace", mean(found.error.trace)},
                      {"prior", mean(found.error.prior)},
                      {"truncation", mean(found.error.truncation)}};
  facts["evaluations"] = mean(real(found.evaluations));
  if (!arguments.no_budget) facts["budget_evaluations"] = mean(real(found.budget_evaluations));
  if (plan.divergence != "exact") {
    facts["probes"] = found.error.probes;
    facts["seed"] = plan.seed;
  }
  if (plan.error) facts["score_error"] = arguments.score_error.text();
  facts["seconds"] = found.seconds;
  facts["out"] = arguments.out.text();
  return facts;
}

void report(LikelihoodArguments const& arguments, LikelihoodPlan const& plan, Outlet const& outlet,
            Json const& facts) {
  if (arguments.json()) return print(json_document(facts));
  auto const number = [&](char const* key) { return short_number(facts[key].get<double>(), 6); };
  std::string text =
      json_text(facts["points"]) + " points on " + printable(plan.sde_text) + " by " +
      printable(plan.solver) + ", divergence " + plan.divergence + ", " + number("evaluations") +
      " evaluations each, in " + short_number(facts["seconds"].get<double>()) + " s\nmean log p " +
      number("mean_logp") + " nats, " + number("bits_per_dimension") + " bits per dimension\n";
  if (facts.contains("error")) {
    text += "mean errors:";
    for (auto const& [cause, nats] : facts["error"].items())
      text += (cause == "ode" ? " " : ", ") + cause + " " + short_number(nats.get<double>());
    text += "\n";
  }
  outlet.say(text + retrace::quoted(arguments.out.text()) + ": log p" +
             (arguments.out.text().ends_with(".npz") ? " and its error budget" : "") + "\n");
}

}  // namespace

void likelihood_command(Words const& words) {
  LikelihoodArguments arguments;
  arguments.parse(words);
  LikelihoodPlan const plan = likelihood_plan_of(arguments);
  Outlet const outlet(arguments, arguments.out.text());
  Runtime const runtime(arguments.threads());
  NpyArray const points = read_points(arguments, plan);
  Likelihood found = run(arguments, plan, points);
  make_density_of_data(plan, found);
  write(arguments.out.text(), found);
  Written written(arguments.out.text());
  report(arguments, plan, outlet, facts_of(arguments, plan, found));
  written.keep();
}

}  // namespace retrace::app
