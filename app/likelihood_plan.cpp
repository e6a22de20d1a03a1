// SPDX-License-Identifier: Apache-2.0
#include "likelihood_plan.hpp"

#include "seeds.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/nearest.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/likelihood/hutch_pp.hpp>
#include <retrace/likelihood/hutchinson.hpp>
#include <retrace/likelihood/pilot_grid.hpp>
#include <retrace/odeint/steppers.hpp>
#include <retrace/samplers/embedded_pair.hpp>
#include <retrace/sde/registry.hpp>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace::app {
namespace {

constexpr std::array<std::string_view, 3> divergences{"exact", "hutchinson", "hutch++"};
constexpr std::array<std::string_view, 2> laws{"rademacher", "gaussian"};
constexpr std::array<std::string_view, 2> truncations{"reported", "corrected"};

/// One of the names, or the first where nothing is given.
template <std::size_t N>
std::string choice_of(Given const& option, std::string_view what,
                      std::array<std::string_view, N> const& names) {
  if (!option) return std::string(names[0]);
  std::string const& text = option.text();
  if (std::find(names.begin(), names.end(), text) == names.end()) throw_unknown(what, text, names);
  return text;
}

Tolerance tolerance_of(LikelihoodArguments const& arguments) {
  constexpr Range range{.low = 0, .high = 1, .low_end = Range::Low::open};
  Tolerance tolerance;
  if (arguments.rtol) tolerance.rtol = arguments.rtol.real(range);
  if (arguments.atol) tolerance.atol = arguments.atol.real(range);
  return tolerance;
}

/// --half-width and what belongs to it.
std::optional<HalfWidth> half_width_of(LikelihoodArguments const& arguments) {
  if (!arguments.half_width) {
    for (Given const* option : {&arguments.confidence, &arguments.max_probes})
      if (*option)
        throw Error(Fault::argument, "--half-width is missing", option->name() + " is for it");
    return {};
  }
  refuse_together(arguments.half_width, arguments.probe, "there are no further probes in the file");
  HalfWidth wanted{.nats = arguments.half_width.real({.low = 0, .low_end = Range::Low::open})};
  if (arguments.confidence)
    wanted.confidence =
        arguments.confidence.real({.low = 0, .high = 1, .low_end = Range::Low::open});
  if (arguments.max_probes)
    wanted.most_probes = static_cast<int>(arguments.max_probes.integer(2, Probes::most));
  wanted.check();
  return wanted;
}

std::string adaptive_solver(LikelihoodArguments const& arguments) {
  if (!arguments.solver) return std::string(dopri5::info.name);
  std::string const& text = arguments.solver.text();
  std::vector<std::string_view> names{rk45::info.name};
  for (OdeStepper const& stepper : odeint_steppers()) names.push_back(stepper.name);
  if (std::find(names.begin(), names.end(), text) != names.end()) return text;
  for (SamplerEntry const& entry : samplers())
    if (entry.name == Spec::parse(text).name)
      throw Error(Fault::argument, "solver " + retrace::quoted(text) + " does not adapt its steps",
                  "it takes those of a grid", "give --steps N or --times T,T,...");
  throw_unknown("solver", text, names);
}

/// The sampler of fixed steps.
ChosenSampler fixed_sampler(LikelihoodArguments const& arguments, std::string text,
                            Sde const& sde) {
  for (Given const* option : {&arguments.rtol, &arguments.atol})
    if (*option)
      throw Error(Fault::argument, option->name() + " does not fit fixed steps",
                  "their number decides how exact they are");
  ChosenSampler sampler = choose_sampler(std::move(text), sde);
  if (sampler.info.stepping == Stepping::adaptive)
    throw Error(Fault::argument, "fixed steps do not fit solver " + retrace::quoted(sampler.text),
                "it is adaptive: every point has steps of its own", "give --rtol and --atol");
  if (sampler.traits.solver == Solver::stochastic)
    throw Error(Fault::argument, "solver " + retrace::quoted(sampler.text) + " is stochastic",
                "a likelihood needs the probability flow, which has no noise");
  return sampler;
}

/// Fixed steps: which sampler, and where.
ChosenGrid grid_of(LikelihoodArguments const& arguments, Sde const& sde, Span const& span) {
  if (!arguments.solver)
    throw Error(Fault::argument, "--solver is missing", "fixed steps are those of a sampler",
                "for example --solver dpm-solver-3");
  return asked_grid(
      fixed_sampler(arguments, arguments.solver.text(), sde), sde,
      {arguments.steps, arguments.grid, arguments.times, arguments.from, arguments.to}, span);
}

/// Fixed steps that pilots choose: by which sampler.
std::string pilots_solver(LikelihoodArguments const& arguments, Sde const& sde) {
  std::string const text = arguments.solver ? arguments.solver.text() : std::string(pilot_sampler);
  return fixed_sampler(arguments, text, sde).text;
}

}  // namespace

LikelihoodArguments::LikelihoodArguments()
    : Arguments(
          {.command = "likelihood",
           .summary =
               "Log density of points by the probability flow, from data to noise, in nats, and "
               "how far\noff it can be: by the integration (ode), the probes (trace), the prior "
               "and the start above\nt = 0 (truncation). An .npz holds logp = prior_logp + "
               "delta_logp, z [n, d], evaluations,\nerror = error_ode + error_trace + error_prior "
               "+ error_truncation.",
           .notes = names_of_sdes() + names_of_targets() +
                    "  or a mixture: FILE.json, or a data set: data:file=FILE.npy,bandwidth=B\n" +
                    names_of_score_errors(),
           .examples = {"--target swiss-roll --sde vp --samples 1000 --out logp.npz"}}) {}

LikelihoodPlan likelihood_plan_of(LikelihoodArguments const& arguments) {
  Subject subject = subject_of(arguments.target, arguments.model,
                               {arguments.of_class, arguments.condition}, arguments.module);
  refuse_for_models(subject, arguments.score_error, "a network has an error of its own");
  refuse_for_models(subject, arguments.samples, "a network has no exact draws: give --points");
  refuse_together(arguments.points, arguments.samples, "both say where");
  if (!arguments.samples) static_cast<void>(arguments.points.text());
  std::string sde_text = sde_text_of(arguments.sde, subject);
  Sde sde = make_sde(sde_text);
  if (sde.is_discrete())
    throw Error(Fault::argument, "sde " + retrace::quoted(sde.name()) + " has no likelihood here",
                "its times are indices, with no flow between them",
                "take a continuous one, for example vp");
  Span span = span_of(sde, arguments.from, arguments.to);
  span.from = span.from.value_or(sde.default_end(Solver::deterministic));
  span.to = span.to.value_or(sde.t_max());
  if (!(*span.from < *span.to))
    throw Error(Fault::argument,
                "--from " + shortest(*span.from) + " is not less than --to " + shortest(*span.to),
                "a likelihood goes from data to noise");
  auto score_error = score_error_of(arguments.score_error, subject.dimension());
  for (Given const* option : {&arguments.steps, &arguments.grid, &arguments.times})
    refuse_together(arguments.error, *option, "pilots choose the steps");
  bool const fixed = arguments.steps || arguments.times;
  if (!fixed && !arguments.error && arguments.grid)
    throw Error(Fault::argument, "--steps is missing", "--grid says where steps are");
  LikelihoodPlan plan{.subject = std::move(subject),
                      .sde_text = std::move(sde_text),
                      .sde = sde,
                      .solver = fixed             ? ""
                                : arguments.error ? pilots_solver(arguments, sde)
                                                  : adaptive_solver(arguments),
                      .span = span,
                      .grid = {},
                      .score_error = std::move(score_error),
                      .integers = {},
                      .divergence = choice_of(arguments.divergence, "divergence", divergences)};
  if (fixed) {
    plan.grid = grid_of(arguments, sde, span);
    plan.solver = arguments.solver.text();
    if (plan.grid->grid.runs_backwards())
      throw Error(Fault::argument, "--times falls", "a likelihood goes from data to noise");
  }
  if (arguments.error) plan.error = arguments.error.real({.low = 0, .low_end = Range::Low::open});
  if (plan.grid || plan.error) {
    Target const* const target = plan.subject.target();
    if (plan.divergence != divergences[0] || plan.score_error || plan.subject.torchscript() ||
        (target && !target->mixture()))
      throw Error(Fault::argument,
                  "fixed steps need the exact divergence of a Gaussian mixture or a network", "",
                  "take an adaptive solver");
  }
  plan.tolerance = tolerance_of(arguments);
  plan.seed = seed_of(arguments.seed);
  if (plan.divergence == divergences[0])
    for (Given const* option :
         {&arguments.probes, &arguments.probe, &arguments.probe_law, &arguments.half_width,
          &arguments.confidence, &arguments.max_probes})
      if (*option)
        throw Error(Fault::argument, option->name() + " does not fit --divergence exact",
                    "it has no probes", "take --divergence hutchinson");
  refuse_together(arguments.probe, arguments.probes, "the file says how many");
  refuse_together(arguments.probe, arguments.probe_law, "the file holds the probes");
  if (arguments.probes) static_cast<void>(arguments.probes.integer(1, Probes::most));
  plan.half_width = half_width_of(arguments);
  std::string const law = choice_of(arguments.probe_law, "law", laws);
  if (law != laws[0] || (plan.half_width && !arguments.probe_law)) plan.law = ProbeLaw::gaussian;
  if (choice_of(arguments.truncation, "truncation", truncations) != truncations[0])
    plan.truncation = Truncation::corrected;
  refuse_together(arguments.integers, arguments.samples, "draws of a target are no integers");
  plan.integers =
      integer_data_of(arguments.integers, arguments.draws, arguments.scale,
                      plan.divergence == divergences[0] ? IntegerData::Bound::importance_weighted
                                                        : IntegerData::Bound::mean);
  if (arguments.checkpoint && arguments.checkpoint.text() == arguments.out.text())
    throw Error(Fault::argument, "--checkpoint and --out are one file", "it can hold only one");
  return plan;
}

std::optional<DivergenceEstimator> divergence_of(LikelihoodArguments const& arguments,
                                                 LikelihoodPlan const& plan,
                                                 std::optional<GivenProbes> const& given,
                                                 std::int64_t points, Part const& part) {
  if (plan.divergence == divergences[0]) return {};
  constexpr int default_probes = 8;
  int const first = plan.half_width
                        ? std::min(HalfWidth::fewest_probes, plan.half_width->most_probes)
                        : default_probes;
  int const dimension = plan.subject.dimension();
  auto const probes = [&] {
    if (given) {
      std::vector<double> values;
      for (std::int64_t k = 0; k < given->count; ++k) {
        auto const begin = given->values.begin() + (k * points + part.first) * dimension;
        values.insert(values.end(), begin, begin + part.count * dimension);
      }
      return Probes::given(std::move(values), static_cast<int>(given->count), part.count,
                           dimension);
    }
    int const count =
        arguments.probes ? static_cast<int>(arguments.probes.integer(1, Probes::most)) : first;
    return Probes::drawn(count, plan.law, plan.seed);
  }();
  if (plan.divergence == divergences[1]) return retrace::divergences::hutchinson{probes};
  return retrace::divergences::hutch_pp{.probes = probes, .seed = plan.seed};
}

void choose_steps(LikelihoodPlan& plan, NpyArray const& points) {
  if (!plan.error) return;
  PilotOptions const options{.error = *plan.error, .span = plan.span};
  auto const choose = [&](auto const& model) {
    return pilot_grid(model, plan.sde, plan.solver, points.values, options);
  };
  PilotGrid const found = plan.subject.trained() ? choose(plan.subject.trained()->network)
                                                 : choose(*plan.subject.target());
  plan.grid = {"pilots", found.grid};
  plan.pilots = {found.points, found.error};
}

}  // namespace retrace::app
