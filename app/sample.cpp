// SPDX-License-Identifier: Apache-2.0
#include "arguments.hpp"
#include "arrays.hpp"
#include "choices.hpp"
#include "commands.hpp"
#include "json.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "seeds.hpp"
#include "table.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/runtime.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/registry.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace::app {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t default_samples = 10'000;

struct SampleArguments : Arguments {
  SampleArguments()
      : Arguments(
            {.command = "sample",
             .summary = "Run a sampler on a target with its exact score. Writes the samples "
                        "as .npy [n, d].",
             .notes = names_of_samplers() + names_of_sdes() + names_of_grids() +
                      names_of_targets() +
                      "  or a mixture: FILE.json, or a data set: data:file=FILE.npy,bandwidth=B\n" +
                      names_of_score_errors() +
                      wrapped("Options of a sampler, SDE, grid or target follow its name: "
                              "ddim:eta=0.5, karras:rho=5,final=eps, gaussian:dimension=8. "
                              "`retrace list` shows them all, with ranges and defaults.",
                              0),
             .examples = {"--target swiss-roll --sde vp --sampler dpmpp-2m --steps 20 "
                          "--out samples.npy",
                          "--target 25-gaussians --sde vp --sampler edm-heun:churn=10 "
                          "--steps 30 --samples 5000 --seed 1 --out samples.npy --json"}}) {}

  Given target = option("--target", "NAME", "the target");
  Given sde = option("--sde", "NAME", "the SDE");
  Given sampler = option("--sampler", "NAME", "the sampler");
  Given eta = option("--eta", "E", "the same as --sampler ddim:eta=E");
  Given steps = option("--steps", "N", "number of steps");
  Given grid = option("--grid", "NAME", "where they are (default: what the sampler recommends)");
  Given times = option("--times", "T,T,...", "instead of --steps and --grid: these levels");
  Given from = option("--from", "T", help_of_from);
  Given to = option("--to", "T", help_of_to);
  Given samples = option("--samples", "N", "number of samples (default: 10000)");
  Given seed = option("--seed", "S", "0 to 2^64 - 1 (default: a random one, reported)");
  Given first = option("--first-sample", "A", "number of the first sample (default: 0)");
  Given init = option("--init", "FILE", "states to start from, .npy [n, d]");
  Given noise = option("--noise", "FILE", "noise to use, .npy [draws, n, d]");
  Given precision = option("--precision", "f32|f64", "of state, model and file (default: f32)");
  Given path = flag("--path",
                    "noise of one Brownian path: the same seed with other steps, grids or\n"
                    "                            samplers follows the same path");
  Given score_error = option("--score-error", "KIND", help_of_score_error);
  Given denoise = flag("--denoise", "leave the noise out of the last step");
  Given rtol = option("--rtol", "R", "adaptive samplers: relative tolerance (default: 1e-5)");
  Given atol = option("--atol", "A", "adaptive samplers: absolute tolerance (default: 1e-5)");
  Given out = option("--out", "FILE", "where to write the .npy");
};

/// What is asked for, checked.
struct Plan {
  Target target;
  Sde sde;
  ChosenSampler sampler;
  ChosenGrid grid;
  std::optional<ScoreError> error;
  std::uint64_t seed = 0;
  std::int64_t first = 0;
  LastNoise last_noise = LastNoise::keep;
  Tolerance tolerance{};

  [[nodiscard]] bool adaptive() const { return sampler.info.stepping == Stepping::adaptive; }
};

std::string sampler_text(SampleArguments const& arguments) {
  std::string text = arguments.sampler.text();
  if (!arguments.eta) return text;
  Spec const spec = Spec::parse(text);
  if (spec.name != "ddim") {
    static_cast<void>(sampler_entry(text));
    throw Error(Fault::argument, "--eta does not fit sampler " + retrace::quoted(spec.name),
                "it stands for ddim:eta");
  }
  static_cast<void>(arguments.eta.real({.low = 0, .high = 1}));
  return text + (spec.options.empty() ? ":" : ",") + "eta=" + arguments.eta.text();
}

/// Where an adaptive sampler starts and ends: all it takes of a grid.
ChosenGrid span_grid(SampleArguments const& arguments, Sde const& sde,
                     ChosenSampler const& sampler) {
  Given const* const refused[] = {&arguments.steps, &arguments.grid, &arguments.times,
                                  &arguments.noise, &arguments.denoise};
  for (Given const* option : refused)
    if (*option)
      throw Error(Fault::argument,
                  option->name() + " does not fit sampler " + retrace::quoted(sampler.text),
                  "it is adaptive: every sample has steps of its own", "give --rtol and --atol");
  Span span = span_of(sde, arguments.from, arguments.to);
  span.to = span.to.value_or(sde.default_end(sampler.traits.solver));
  Ends const ends = ends_of(sde, span);
  return {"none", Grid(sde, {ends.from, ends.to})};
}

Tolerance tolerance_of(SampleArguments const& arguments, ChosenSampler const& sampler) {
  constexpr Range range{.low = 0, .high = 1, .low_end = Range::Low::open};
  Tolerance tolerance;
  for (auto const& [option, value] :
       {std::pair(&arguments.rtol, &tolerance.rtol), std::pair(&arguments.atol, &tolerance.atol)}) {
    if (!*option) continue;
    if (sampler.info.stepping != Stepping::adaptive)
      throw Error(Fault::argument,
                  option->name() + " does not fit sampler " + retrace::quoted(sampler.text),
                  "it is not adaptive: its grid says where its steps are");
    *value = option->real(range);
  }
  return tolerance;
}

ChosenGrid grid_of(SampleArguments const& arguments, Sde const& sde, ChosenSampler const& sampler) {
  if (sampler.info.stepping == Stepping::adaptive) return span_grid(arguments, sde, sampler);
  refuse_own_grid(sampler, sde, arguments.grid);
  refuse_own_grid(sampler, sde, arguments.times);
  if (arguments.times) {
    for (Given const* option : {&arguments.steps, &arguments.grid, &arguments.from, &arguments.to})
      refuse_together(arguments.times, *option, "--times gives the levels themselves");
    return times_grid(sde, arguments.times);
  }
  if (!arguments.steps)
    throw Error(Fault::argument, "--steps is missing", "give --steps N or --times T,T,...");
  std::optional<std::string> rule;
  if (arguments.grid) rule = arguments.grid.text();
  return sampler_grid(sampler, sde, rule, arguments.steps.integer(1, Grid::max_steps),
                      span_of(sde, arguments.from, arguments.to));
}

/// From data to noise: no prior to start from, and no reverse SDE.
void check_forwards(SampleArguments const& arguments, Plan const& plan) {
  if (plan.grid.grid.runs_backwards()) return;
  std::string const rises = arguments.times ? "--times rises" : "--from is less than --to";
  if (plan.sampler.traits.solver == Solver::stochastic)
    throw Error(Fault::argument,
                rises + ", but sampler " + retrace::quoted(plan.sampler.text) + " is stochastic",
                "only deterministic samplers run from data to noise");
  if (!arguments.init)
    throw Error(Fault::argument, "--init is missing", rises + ", so the run starts from data");
}

Plan plan_of(SampleArguments const& arguments) {
  Target target = make_target(arguments.target.text());
  Sde sde = make_sde(arguments.sde.text());
  ChosenSampler sampler = choose_sampler(sampler_text(arguments), sde);
  ChosenGrid grid = grid_of(arguments, sde, sampler);
  auto error = score_error_of(arguments.score_error, target.dimension());
  Plan plan{std::move(target), std::move(sde), std::move(sampler), std::move(grid),
            std::move(error)};
  plan.tolerance = tolerance_of(arguments, plan.sampler);
  check_forwards(arguments, plan);
  refuse_together(arguments.path, arguments.noise, "the path makes the noise itself");
  plan.seed = seed_of(arguments.seed);
  plan.first = arguments.first ? arguments.first.integer(0) : 0;
  if (arguments.denoise) plan.last_noise = LastNoise::drop;
  return plan;
}

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
  outlet.say(printable(plan.sampler.text) + " on " + printable(arguments.sde.text()) + steps +
             " draws a sample\n" + text("samples") + " samples of " +
             printable(arguments.target.text()) +
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

void check_numbers(std::int64_t samples, Plan const& plan) {
  if (samples > most - plan.first)
    throw Error(Fault::argument, "--first-sample plus --samples is too large",
                "sample numbers end at " + std::to_string(most));
}

template <class T>
void run_adaptive(SampleArguments const& arguments, Plan const& plan,
                  std::string const& precision) {
  Outlet const outlet(arguments, arguments.out.text());
  Runtime const runtime(arguments.threads());
  AdaptiveOptions<T> options{
      .samples = arguments.samples ? arguments.samples.integer(0) : default_samples,
      .seed = plan.seed,
      .first_sample = static_cast<std::uint64_t>(plan.first),
      .tolerance = plan.tolerance};
  if (arguments.init) {
    auto const states = read_init<T>(arguments.init, arguments.samples, plan.target.dimension());
    options.samples = static_cast<std::int64_t>(states.extent(0));
    options.start = given_start<T>(states, options.first_sample);
  }
  check_numbers(options.samples, plan);
  Grid const& grid = plan.grid.grid;
  auto const run_on = [&](auto const& model) {
    return adaptive_sample<T>(model, plan.sampler.text, plan.sde, {grid.time(0), grid.time(1)},
                              options);
  };
  AdaptiveSamples<T> const result =
      plan.error ? run_on(spoiled(plan.target, *plan.error)) : run_on(plan.target);
  refuse_unfinished(result, plan.first);

  write_samples<T>(arguments.out.text(), result.x);
  Written written(arguments.out.text());
  Json facts{{"sampler", plan.sampler.text},
             {"sde", arguments.sde.text()},
             {"grid", nullptr},
             {"target", arguments.target.text()},
             {"samples", options.samples},
             {"dimension", plan.target.dimension()},
             {"rtol", result.tolerance.rtol},
             {"atol", result.tolerance.atol},
             {"steps", mean(result.steps)},
             {"evaluations", mean(result.evaluations)},
             {"rejections", mean(result.rejections)},
             {"draws", mean(result.draws)},
             {"seed", plan.seed},
             {"first_sample", plan.first},
             {"precision", precision},
             {"noise", "path"},
             {"seconds", result.seconds},
             {"out", arguments.out.text()},
             {"nonfinite", result.count(Outcome::nonfinite)}};
  if (plan.error) facts["score_error"] = arguments.score_error.text();
  report(arguments, plan, outlet, facts);
  written.keep();
}

template <class T>
void run(SampleArguments const& arguments, Plan const& plan, std::string const& precision) {
  if (plan.adaptive()) return run_adaptive<T>(arguments, plan, precision);
  Outlet const outlet(arguments, arguments.out.text());
  Runtime const runtime(arguments.threads());  // before the arrays, which must not outlive it
  SampleOptions<T> options{
      .samples = arguments.samples ? arguments.samples.integer(0) : default_samples,
      .seed = plan.seed,
      .first_sample = static_cast<std::uint64_t>(plan.first),
      .last_noise = plan.last_noise,
      .draws = arguments.path ? Draws::path : Draws::independent};
  if (arguments.init) {
    auto const states = read_init<T>(arguments.init, arguments.samples, plan.target.dimension());
    options.samples = static_cast<std::int64_t>(states.extent(0));
    options.start = given_start<T>(states, options.first_sample);
  }
  check_numbers(options.samples, plan);
  std::vector<T> noise;
  if (arguments.noise) {
    std::int64_t const draws =
        cost(plan.sampler.sampler, plan.grid.grid, Prediction::denoised, plan.last_noise).draws;
    noise = read_noise<T>(arguments.noise, draws, options.samples, plan.target.dimension());
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
    result = plan.error ? run_on(spoiled(plan.target, *plan.error)) : run_on(plan.target);
  }
  refuse_nonfinite(result.nonfinite, result.where, options.samples);

  write_samples<T>(arguments.out.text(), result.x);
  Written written(arguments.out.text());
  Json facts{{"sampler", plan.sampler.text},
             {"sde", arguments.sde.text()},
             {"grid", plan.grid.text},
             {"target", arguments.target.text()},
             {"samples", options.samples},
             {"dimension", plan.target.dimension()},
             {"steps", result.steps},
             {"evaluations", result.evaluations},
             {"draws", result.draws},
             {"seed", plan.seed},
             {"first_sample", plan.first},
             {"precision", precision},
             {"noise", arguments.path    ? "path"
                       : arguments.noise ? "given"
                                         : "independent"},
             {"seconds", result.seconds},
             {"out", arguments.out.text()},
             {"nonfinite", result.nonfinite}};
  if (plan.error) facts["score_error"] = arguments.score_error.text();
  report(arguments, plan, outlet, facts);
  written.keep();
}

}  // namespace

void sample_command(Words const& words) {
  SampleArguments arguments;
  arguments.parse(words);
  Plan const plan = plan_of(arguments);
  std::string const precision = arguments.precision ? arguments.precision.text() : "f32";
  constexpr std::array<std::string_view, 2> known{"f32", "f64"};
  if (precision == known[0]) return run<float>(arguments, plan, precision);
  if (precision == known[1]) return run<double>(arguments, plan, precision);
  throw_unknown("precision", precision, known);
}

}  // namespace retrace::app
