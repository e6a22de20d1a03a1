// SPDX-License-Identifier: Apache-2.0
#include "likelihood_run.hpp"

#include "checkpoint.hpp"
#include "progress.hpp"

#include <retrace/core/version.hpp>
#include <retrace/io/atomic_file.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace retrace::app {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::int64_t default_evaluations = 1'000'000;
constexpr std::int64_t first_part = 256, longest_part = 1 << 16;

/// The density of the data, where points have been normalised.
void make_density_of_data(LikelihoodPlan const& plan, Likelihood& found) {
  Normalisation const* const n = plan.subject.normalisation();
  if (n == nullptr) return;
  double const volume = n->log_volume();
  for (double& value : found.delta_logp) value -= volume;
  for (double& value : found.logp) value -= volume;
}

Likelihood part_of(LikelihoodArguments const& arguments, LikelihoodPlan const& plan,
                   NpyArray const& points, std::optional<GivenProbes> const& given,
                   Part const& part) {
  auto const x = std::span(points.values)
                     .subspan(static_cast<std::size_t>(part.first * points.columns),
                              static_cast<std::size_t>(part.count * points.columns));
  LikelihoodOptions const options{
      .span = plan.span,
      .divergence = divergence_of(arguments, plan, given, points.rows, part),
      .encode = {.tolerance = plan.tolerance,
                 .max_evaluations = arguments.max_evaluations ? arguments.max_evaluations.integer(1)
                                                              : default_evaluations,
                 .first_sample = static_cast<std::uint64_t>(part.first)},
      .half_width = plan.half_width,
      .budget = arguments.no_budget ? Budget::none : Budget::full,
      .truncation = plan.truncation,
      .round_trip = arguments.round_trip ? RoundTrip::measured : RoundTrip::none};
  auto const of = [&](auto const& model) {
    return log_likelihood(model, plan.sde, plan.solver, x, options);
  };
  if (plan.subject.trained()) {
    Network const& network = plan.subject.trained()->network;
    Likelihood found =
        plan.grid ? log_likelihood(network, plan.solver, plan.grid->grid, x, options) : of(network);
    make_density_of_data(plan, found);
    return found;
  }
  if (plan.subject.torchscript()) return of(host_model(*plan.subject.torchscript()));
  Target const& target = *plan.subject.target();
  if (plan.grid) return log_likelihood(target, plan.solver, plan.grid->grid, x, options);
  return plan.score_error ? of(spoiled(target, *plan.score_error)) : of(target);
}

void append(Columns& columns, Likelihood const& found, LikelihoodPlan const& plan) {
  ErrorBudget const& error = found.error;
  std::size_t const n = found.logp.size();
  columns.add("logp", found.logp);
  columns.add("prior_logp", found.prior_logp);
  columns.add("delta_logp", found.delta_logp);
  if (plan.truncation == Truncation::corrected) columns.add("correction", found.correction);
  columns.add("z", std::span<double const>(found.z.data(), found.z.size()),
              plan.subject.dimension());
  columns.add("evaluations", std::span(found.evaluations));
  columns.add("probes", std::span(error.probes));
  if (plan.half_width) {
    std::vector<double> reached;
    for (std::size_t row = 0; row < n; ++row)
      reached.push_back(error.trace_half_width(row, plan.half_width->confidence));
    columns.add("half_width", reached);
  }
}

void append_budget(Columns& columns, Likelihood const& found) {
  ErrorBudget const& error = found.error;
  std::vector<double> total;
  for (std::size_t row = 0; row < error.ode.size(); ++row) total.push_back(error.total(row));
  columns.add("error", total);
  columns.add("error_ode", error.ode);
  columns.add("error_trace", error.trace);
  columns.add("error_prior", error.prior);
  columns.add("error_truncation", error.truncation);
  columns.add("budget_evaluations", std::span(found.budget_evaluations));
}

std::string digest_of_target(Target const& target) {
  std::vector<double> numbers;
  auto const take = [&](std::span<double const> some) {
    numbers.insert(numbers.end(), some.begin(), some.end());
  };
  if (auto const* const mixture = target.mixture()) {
    for (auto const some : {mixture->weights(), mixture->means(), mixture->variances(),
                            mixture->eigenvalues(), mixture->eigenvectors()})
      take(some);
  } else {
    auto const& boxes = std::get<BoxMixture>(target.kind());
    for (auto const some : {boxes.weights(), boxes.low(), boxes.high()}) take(some);
  }
  return digest_of(numbers);
}

std::string digest_of_subject(Subject const& subject) {
  if (subject.target()) return digest_of_target(*subject.target());
  if (subject.torchscript()) return subject.torchscript()->digest();
  std::span<float const> const weights = subject.trained()->network.values();
  std::vector<double> numbers(weights.begin(), weights.end());
  Normalisation const& n = subject.trained()->normalisation;
  numbers.insert(numbers.end(), n.mean.begin(), n.mean.end());
  numbers.insert(numbers.end(), n.std.begin(), n.std.end());
  return digest_of(numbers);
}

/// Everything that decides the result: options as they were given, and what is in the files.
Json run_of(LikelihoodArguments const& arguments, LikelihoodPlan const& plan,
            NpyArray const& points, std::optional<GivenProbes> const& given) {
  Json run{{"command", "likelihood"},
           {"version", std::string(version)},
           {"points", {points.rows, points.columns}},
           {"contents of --points", digest_of(points.values)}};
  for (Given const* option : {&arguments.target,
                              &arguments.model,
                              &arguments.of_class,
                              &arguments.condition,
                              &arguments.sde,
                              &arguments.samples,
                              &arguments.integers,
                              &arguments.draws,
                              &arguments.scale,
                              &arguments.divergence,
                              &arguments.probes,
                              &arguments.probe_law,
                              &arguments.solver,
                              &arguments.rtol,
                              &arguments.atol,
                              &arguments.steps,
                              &arguments.grid,
                              &arguments.times,
                              &arguments.error,
                              &arguments.from,
                              &arguments.to,
                              &arguments.max_evaluations,
                              &arguments.score_error,
                              &arguments.half_width,
                              &arguments.confidence,
                              &arguments.max_probes,
                              &arguments.truncation,
                              &arguments.module.shape,
                              &arguments.module.prediction,
                              &arguments.module.conditioning,
                              &arguments.module.device,
                              &arguments.module.batch})
    run[option->name()] = *option ? Json(option->text()) : Json();
  for (Given const* flag : {&arguments.round_trip, &arguments.no_budget})
    run[flag->name()] = static_cast<bool>(*flag);
  run["contents of the model"] = digest_of_subject(plan.subject);
  run["contents of --probe"] = given ? Json(digest_of(given->values)) : Json();
  bool const draws = plan.divergence != "exact" || arguments.samples || plan.integers;
  run["--seed"] = draws ? Json(plan.seed) : Json();
  return run;
}

/// Keeps results in --checkpoint, where there is one, but not for more than a tenth of the time.
class Keeper {
 public:
  Keeper(LikelihoodArguments const& arguments, Json run) : run_(std::move(run)) {
    if (!arguments.checkpoint) return;
    path_ = arguments.checkpoint.text();
    check_writable(path_);
  }
  /// What an earlier run has done.
  [[nodiscard]] Columns restored() const {
    auto saved = path_.empty() ? std::optional<Checkpoint>() : read_checkpoint(path_);
    if (!saved) return {};
    require_same_run(path_, saved->run, run_);
    return std::move(saved->columns);
  }
  void keep(Columns const& columns) {
    constexpr double rest = 9;  // of what a save took
    auto const begin = Clock::now();
    if (path_.empty() || begin - saved_ < rest * took_) return;
    write_checkpoint(path_, {run_, columns});
    saved_ = Clock::now();
    took_ = saved_ - begin;
  }

 private:
  std::string path_;
  Json run_;
  Clock::time_point saved_{};
  Clock::duration took_{};
};

}  // namespace

void adopt_seed(LikelihoodArguments const& arguments, LikelihoodPlan& plan) {
  if (!arguments.checkpoint || arguments.seed) return;
  auto const saved = read_checkpoint(arguments.checkpoint.text());
  if (saved && saved->run.contains("--seed") && saved->run["--seed"].is_number_unsigned())
    plan.seed = saved->run["--seed"].get<std::uint64_t>();
}

Columns likelihood_run(LikelihoodArguments const& arguments, LikelihoodPlan const& plan,
                       NpyArray const& points) {
  std::optional<GivenProbes> given;
  if (arguments.probe) given = read_probes(arguments.probe, points.rows, points.columns);
  Keeper keeper(arguments, run_of(arguments, plan, points, given));
  Columns columns = keeper.restored();
  Progress progress(arguments, points.rows);
  std::int64_t done = columns.has("logp") ? static_cast<std::int64_t>(columns["logp"].size()) : 0;
  std::int64_t size = first_part;
  progress.show(done);
  while (done < points.rows || !columns.has("logp")) {
    auto const begin = Clock::now();
    Part const part{done, std::min(size, points.rows - done)};
    Likelihood const found = part_of(arguments, plan, points, given, part);
    append(columns, found, plan);
    if (arguments.round_trip) columns.add("round_trip", found.round_trip);
    if (!arguments.no_budget) append_budget(columns, found);
    done += part.count;
    progress.show(done);
    if (done < points.rows) keeper.keep(columns);
    double const took = Seconds(Clock::now() - begin).count();
    size = took < 0.5 ? std::min(2 * size, longest_part)
           : took > 2 ? std::max(size / 2, std::int64_t{1})
                      : size;
  }
  return columns;
}

}  // namespace retrace::app
