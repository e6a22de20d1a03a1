// SPDX-License-Identifier: Apache-2.0
#include "sample_plan.hpp"

#include "seeds.hpp"

#include <retrace/core/error.hpp>
#include <retrace/sde/registry.hpp>

#include <string>
#include <utility>

namespace retrace::app {
namespace {

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
  return asked_grid(
      sampler, sde,
      {arguments.steps, arguments.grid, arguments.times, arguments.from, arguments.to});
}

/// The network as --precision bf16 has it.
std::optional<Bf16Network> rounded_network(SampleArguments const& arguments, Plan const& plan) {
  if (!arguments.precision || arguments.precision.text() != "bf16") return {};
  if (plan.subject.trained() == nullptr)
    throw Error(Fault::argument, "--precision bf16 is for the matrices of a network",
                "targets have none, and TorchScript modules compute in their own type",
                "give --model with a network in safetensors, or --precision f32 or f64");
  refuse_together(arguments.precision, arguments.guidance, "two networks do not run in bf16");
  if (plan.adaptive())
    throw Error(Fault::argument,
                "sampler " + retrace::quoted(plan.sampler.text) + " does not run in bf16",
                "its error estimates would be of the rounding", "--precision f32 or f64 fits");
  return Bf16Network(plan.subject.trained()->network);
}

std::optional<GuidedNetwork> guided_of(SampleArguments const& arguments) {
  if (!arguments.guidance) return {};
  if (!arguments.of_class)
    throw Error(Fault::argument, "--guidance needs --class", "it leads towards a class");
  double const weight = arguments.guidance.real(Range::at_least(0));
  TrainedNetwork const trained = read_network(arguments.model.text());
  if (trained.drop_condition && *trained.drop_condition == 0)
    throw Error(Fault::argument,
                "--guidance does not fit --model " + retrace::quoted(arguments.model.text()),
                "it was always told the class, and knows nothing without one",
                "train it with --drop-condition 0.1");
  return guided(trained.network, arguments.of_class.integer(0), weight);
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

}  // namespace

SampleArguments::SampleArguments()
    : Arguments(
          {.command = "sample",
           .summary = "Run a sampler on a target with its exact score, or on a score network "
                      "(--model). Writes\nthe samples as .npy [n, d].",
           .notes = names_of_samplers() + names_of_sdes() + names_of_grids() + names_of_targets() +
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

Plan plan_of(SampleArguments const& arguments) {
  Subject subject = subject_of(arguments.target, arguments.model,
                               {arguments.of_class, arguments.condition}, arguments.module);
  refuse_for_models(subject, arguments.score_error, "a network has an error of its own");
  std::string sde_text = sde_text_of(arguments.sde, subject);
  Sde sde = make_sde(sde_text);
  ChosenSampler sampler = choose_sampler(sampler_text(arguments), sde);
  ChosenGrid grid = grid_of(arguments, sde, sampler);
  auto error = score_error_of(arguments.score_error, subject.dimension());
  Plan plan{std::move(subject), std::move(sde_text), std::move(sde),
            std::move(sampler), std::move(grid),     std::move(error)};
  plan.rounded = rounded_network(arguments, plan);
  plan.guided = guided_of(arguments);
  plan.tolerance = tolerance_of(arguments, plan.sampler);
  check_forwards(arguments, plan);
  refuse_together(arguments.path, arguments.noise, "the path makes the noise itself");
  plan.seed = seed_of(arguments.seed);
  plan.first = arguments.first ? arguments.first.integer(0) : 0;
  if (arguments.denoise) plan.last_noise = LastNoise::drop;
  return plan;
}

}  // namespace retrace::app
