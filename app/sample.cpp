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
#include <retrace/run/sample.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/registry.hpp>

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

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

ChosenGrid grid_of(SampleArguments const& arguments, Sde const& sde, ChosenSampler const& sampler) {
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
  outlet.say(printable(plan.sampler.text) + " on " + printable(arguments.sde.text()) + ", grid " +
             printable(plan.grid.text) + ": " + text("steps") + " steps, " + text("evaluations") +
             " evaluations, " + text("draws") + " draws a sample\n" + text("samples") +
             " samples of " + printable(arguments.target.text()) +
             (plan.error ? " with score error " + printable(arguments.score_error.text()) : "") +
             " in " + short_number(facts["seconds"].get<double>()) + " s, seed " + text("seed") +
             "\n" + retrace::quoted(arguments.out.text()) + ": [" + text("samples") + ", " +
             text("dimension") + "], " + facts["precision"].get<std::string>() + "\n");
}

template <class T>
void run(SampleArguments const& arguments, Plan const& plan, std::string const& precision) {
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
  if (options.samples > most - plan.first)
    throw Error(Fault::argument, "--first-sample plus --samples is too large",
                "sample numbers end at " + std::to_string(most));
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
