// SPDX-License-Identifier: Apache-2.0
#include "arrays.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "sample_plan.hpp"
#include "table.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/sample.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace retrace::app {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t default_samples = 10'000;

void refuse_nonfinite(std::int64_t nonfinite, std::vector<NonFiniteSample> const& where,
                      std::int64_t samples) {
  if (nonfinite == 0) return;
  std::string reason;
  if (!where.empty()) {
    NonFiniteSample const& first = where.front();
    reason = "the first is sample " + std::to_string(first.sample) + ", " +
             (first.evaluation < 0 ? "before the first evaluation"
                                   : "at evaluation " + std::to_string(first.evaluation) +
                                         ", t = " + short_number(first.t, 6));
  }
  throw Error(
      Fault::numerics,
      std::to_string(nonfinite) + " of " + std::to_string(samples) + " samples are not finite",
      reason, "more steps or --precision f64 may help");
}

void report(SampleArguments const& arguments, Plan const& plan, Outlet const& outlet,
            Json const& facts) {
  Grid const& grid = plan.grid.grid;
  if (arguments.json()) {
    JsonWriter writer(print);
    for (auto const& [key, value] : facts.items()) writer.member(key, value);
    writer.list("levels", grid.count() + 1, [&](std::int64_t k) { return to_json(grid.level(k)); });
    return writer.finish();
  }
  auto const text = [&](char const* key) { return json_text(facts[key]); };
  auto const number = [&](char const* key) { return short_number(facts[key].get<double>(), 6); };
  std::string const steps =
      plan.adaptive()
          ? ", adaptive: " + number("steps") + " steps, " + number("rejections") + " rejections, " +
                number("evaluations") + " evaluations, " + number("draws")
          : ", grid " + printable(plan.grid.text) + ": " + text("steps") + " steps, " +
                text("evaluations") + " evaluations, " + text("draws");
  outlet.say(printable(plan.sampler.text) + " on " + printable(plan.sde_text) + steps +
             " draws a sample\n" + text("samples") + " samples of " +
             printable(plan.subject.text()) +
             ConditionOptions{arguments.of_class, arguments.condition}.text() +
             (plan.guided ? ", guidance " + printable(arguments.guidance.text()) : "") +
             (plan.error ? " with score error " + printable(arguments.score_error.text()) : "") +
             " in " + short_number(facts["seconds"].get<double>()) + " s, seed " + text("seed") +
             "\n" + retrace::quoted(arguments.out.text()) + ": [" + text("samples") + ", " +
             text("dimension") + "], " + facts["precision"].get<std::string>() + "\n");
}

/// The samples that did not get to the end, by the first of them.
template <class T>
void refuse_unfinished(AdaptiveSamples<T> const& run, std::int64_t first_sample) {
  auto const done = run.count(Outcome::done), all = std::int64_t(run.outcomes.size());
  if (done == all) return;
  auto const row = static_cast<std::size_t>(
      std::find_if(run.outcomes.begin(), run.outcomes.end(),
                   [](Outcome outcome) { return outcome != Outcome::done; }) -
      run.outcomes.begin());
  throw Error(
      Fault::numerics,
      std::to_string(all - done) + " of " + std::to_string(all) + " samples did not get to the end",
      "the first is sample " + std::to_string(first_sample + std::int64_t(row)) + ", " +
          std::string(name(run.outcomes[row])) + " at t = " + short_number(run.t[row], 6) +
          " after " + std::to_string(run.evaluations[row]) + " evaluations",
      "larger --rtol and --atol or --precision f64 may help");
}

double mean(std::vector<std::int64_t> const& counts) {
  return counts.empty()
             ? 0
             : static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0})) /
                   static_cast<double>(counts.size());
}

/// Data as a network knows them: where a run starts from data.
template <class T>
HostArray<T const> known_states(Plan const& plan, HostArray<T const> const& states) {
  Normalisation const* const n = plan.subject.normalisation();
  if (n == nullptr || plan.grid.grid.runs_backwards()) return states;
  HostArray<T> known("retrace::init", states.extent(0), states.extent(1));
  Kokkos::deep_copy(known, states);
  n->to_network(std::span(known.data(), known.size()));
  return known;
}

/// The way back: where a run ends at data.
template <class T>
void make_data(Plan const& plan, HostArray<T> const& x) {
  Normalisation const* const n = plan.subject.normalisation();
  if (n == nullptr || !plan.grid.grid.runs_backwards()) return;
  n->to_data(std::span(x.data(), x.size()));
}

/// What every kind of run takes of the command line.
template <class T, class Options>
Options common_options(SampleArguments const& arguments, Plan const& plan) {
  Options options;
  options.samples = arguments.samples ? arguments.samples.integer(0) : default_samples;
  options.seed = plan.seed;
  options.first_sample = static_cast<std::uint64_t>(plan.first);
  if (arguments.init) {
    auto const states = read_init<T>(arguments.init, arguments.samples, plan.subject.dimension());
    options.samples = static_cast<std::int64_t>(states.extent(0));
    options.start = given_start<T>(known_states(plan, states), options.first_sample);
  }
  if (options.samples > most - plan.first)
    throw Error(Fault::argument, "--first-sample plus --samples is too large",
                "sample numbers end at " + std::to_string(most));
  return options;
}

/// f(model): the network, the module, the target, or the target with an error in its score.
template <class F>
auto on_model(Plan const& plan, F const& f) {
  if (plan.guided) return f(*plan.guided);
  if (plan.subject.trained()) return f(plan.subject.trained()->network);
  if (plan.subject.torchscript()) return f(*plan.subject.torchscript());
  Target const& target = *plan.subject.target();
  return plan.error ? f(spoiled(target, *plan.error)) : f(target);
}

/// What solvers with adaptive steps take.
template <class M>
M const& stepped(M const& model) {
  return model;
}
HostModel stepped(TorchScriptModel const& module) { return host_model(module); }

/// What a run leaves besides its samples; `counts` stand between dimension and seed.
struct Outcomes {
  Json grid, counts;
  char const* noise;
  double seconds;
  std::int64_t nonfinite;
};

/// Writes the samples, and reports.
template <class T>
void deliver(SampleArguments const& arguments, Plan const& plan, std::string const& precision,
             Outlet const& outlet, HostArray<T> const& x, Outcomes const& outcomes) {
  make_data(plan, x);
  write_samples<T>(arguments.out.text(), x);
  Written written(arguments.out.text());
  Json facts{{"sampler", plan.sampler.text}, {"sde", plan.sde_text},
             {"grid", outcomes.grid},        {plan.subject.key(), plan.subject.text()},
             {"samples", x.extent(0)},       {"dimension", plan.subject.dimension()}};
  facts.update(outcomes.counts);
  facts.update({{"seed", plan.seed},
                {"first_sample", plan.first},
                {"precision", precision},
                {"noise", outcomes.noise},
                {"seconds", outcomes.seconds},
                {"out", arguments.out.text()},
                {"nonfinite", outcomes.nonfinite}});
  ConditionOptions{arguments.of_class, arguments.condition}.add_to(facts);
  if (plan.guided) facts["guidance"] = plan.guided->weight;
  if (plan.error) facts["score_error"] = arguments.score_error.text();
  report(arguments, plan, outlet, facts);
  written.keep();
}

template <class T>
void run_adaptive(SampleArguments const& arguments, Plan const& plan,
                  std::string const& precision) {
  Outlet const outlet(arguments, arguments.out.text());
  Runtime const runtime(arguments.threads());
  auto options = common_options<T, AdaptiveOptions<T>>(arguments, plan);
  options.tolerance = plan.tolerance;
  Grid const& grid = plan.grid.grid;
  AdaptiveSamples<T> const result = on_model(plan, [&](auto const& model) {
    return adaptive_sample<T>(stepped(model), plan.sampler.text, plan.sde,
                              {grid.time(0), grid.time(1)}, options);
  });
  refuse_unfinished(result, plan.first);
  deliver<T>(arguments, plan, precision, outlet, result.x,
             {.grid = nullptr,
              .counts = {{"rtol", result.tolerance.rtol},
                         {"atol", result.tolerance.atol},
                         {"steps", mean(result.steps)},
                         {"evaluations", mean(result.evaluations)},
                         {"rejections", mean(result.rejections)},
                         {"draws", mean(result.draws)}},
              .noise = "path",
              .seconds = result.seconds,
              .nonfinite = result.count(Outcome::nonfinite)});
}

template <class T>
void run(SampleArguments const& arguments, Plan const& plan, std::string const& precision) {
  if (plan.adaptive()) return run_adaptive<T>(arguments, plan, precision);
  Outlet const outlet(arguments, arguments.out.text());
  Runtime const runtime(arguments.threads());  // before the arrays, which must not outlive it
  auto options = common_options<T, SampleOptions<T>>(arguments, plan);
  options.last_noise = plan.last_noise;
  options.draws = arguments.path ? Draws::path : Draws::independent;
  std::vector<T> noise;
  if (arguments.noise) {
    std::int64_t const draws =
        cost(plan.sampler.sampler, plan.grid.grid, Prediction::denoised, plan.last_noise).draws;
    noise = read_noise<T>(arguments.noise, draws, options.samples, plan.subject.dimension());
    options.noise = GivenNoise<T>{noise, draws};
  }

  Samples<T> result;
  {
    Progress progress(arguments, options.samples);
    if (progress.shown())
      options.progress = [&](std::int64_t done, std::int64_t) { progress.show(done); };
    auto const run_on = [&](auto const& model) {
      return sample<T>(model, plan.sampler.sampler, plan.grid.grid, options);
    };
    if constexpr (std::is_same_v<T, float>)
      result = plan.rounded ? run_on(*plan.rounded) : on_model(plan, run_on);
    else
      result = on_model(plan, run_on);
  }
  refuse_nonfinite(result.nonfinite, result.where, options.samples);
  deliver<T>(arguments, plan, precision, outlet, result.x,
             {.grid = plan.grid.text,
              .counts = {{"steps", result.steps},
                         {"evaluations", result.evaluations},
                         {"draws", result.draws}},
              .noise = arguments.path    ? "path"
                       : arguments.noise ? "given"
                                         : "independent",
              .seconds = result.seconds,
              .nonfinite = result.nonfinite});
}

}  // namespace

void sample_command(Words const& words) {
  SampleArguments arguments;
  arguments.parse(words);
  Plan const plan = plan_of(arguments);
  std::string const precision = arguments.precision ? arguments.precision.text() : "f32";
  constexpr std::array<std::string_view, 3> known{"f32", "f64", "bf16"};
  if (precision == known[0] || precision == known[2]) return run<float>(arguments, plan, precision);
  if (precision == known[1]) return run<double>(arguments, plan, precision);
  throw_unknown("precision", precision, known);
}

}  // namespace retrace::app
