// SPDX-License-Identifier: Apache-2.0
#include "training_plan.hpp"

#include "choices.hpp"
#include "seeds.hpp"

#include <retrace/core/draw.hpp>
#include <retrace/core/error.hpp>
#include <retrace/core/nearest.hpp>
#include <retrace/io/npy.hpp>
#include <retrace/sde/registry.hpp>
#include <retrace/targets/registry.hpp>

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace::app {
namespace {

constexpr std::int64_t default_checkpoint_every = 1000;

template <class E>
std::string all_names() {
  std::string text;
  for (auto const& [name, value] : names<E>())
    text += (text.empty() ? "" : " | ") + std::string(name);
  return text;
}

/// What --resume remembers where the command line does not say.
std::uint64_t seed_of_checkpoint(std::string const& path) {
  SafetensorsFile const file(path);
  auto const found = file.metadata().find("seed");
  if (found == file.metadata().end())
    file.refuse("it is no checkpoint", "its metadata have no seed");
  return parse_seed("the seed of " + retrace::quoted(path), found->second);
}

template <class E>
void choose(Given const& given, E& value) {
  if (given)
    value = choice_named(std::string_view(given.name()).substr(2), given.text(), names<E>());
}

void choose(Given const& given, int& value, std::int64_t low) {
  constexpr std::int64_t most = 1 << 14;
  if (given) value = static_cast<int>(given.integer(low, most));
}

/// What is done with the file of an option; errors name both.
template <class F>
TrainingData with_file(Given const& option, F const& f) {
  try {
    return f();
  } catch (Error const& error) {
    if (error.fault() != Fault::argument) throw;
    throw Error(Fault::file,
                "cannot use " + retrace::quoted(option.text()) + " as " + option.name(),
                error.what());
  }
}

TrainingData data_of(TrainArguments const& arguments) {
  refuse_together(arguments.target, arguments.data, "both say what to train on");
  refuse_together(arguments.labels, arguments.conditions, "both say what to condition on");
  if (!arguments.data) {
    if (!arguments.target)
      throw Error(Fault::argument, "--target is missing", "or --data with a data set");
    if (arguments.conditions)
      throw Error(Fault::argument, "--conditions does not go with --target",
                  "they are of the rows of a data set");
    TrainingData data(make_target(arguments.target.text()), arguments.target.text());
    if (!arguments.labels) return data;
    if (arguments.labels.text() != "components")
      throw Error(
          Fault::argument,
          "--labels " + retrace::quoted(arguments.labels.text()) + " does not go with --target",
          "its draws have the labels 'components' alone");
    return data.with_components();
  }
  TrainingData data =
      with_file(arguments.data, [&] { return TrainingData(DataSet(arguments.data.text())); });
  if (arguments.labels)
    return with_file(arguments.labels,
                     [&] { return data.with_labels(read_npy_integers(arguments.labels.text())); });
  if (arguments.conditions)
    return with_file(arguments.conditions,
                     [&] { return data.with_conditions(DataSet(arguments.conditions.text())); });
  return data;
}

/// Whether the noise of a process outgrows the data: networks need their inputs scaled.
bool explodes(Sde const& sde) { return sde.prior_sigma() > 2; }

Architecture architecture_of(TrainArguments const& arguments, Sde const& sde,
                             TrainingData const& data) {
  Architecture a;
  a.dimension = data.dimension();
  a.sigma_data = data.deviation();
  a.conditions = data.conditions();
  a.condition_kind = data.condition_kind();
  choose(arguments.width, a.width, 1);
  choose(arguments.depth, a.depth, 1);
  choose(arguments.frequencies, a.frequencies, 0);
  choose(arguments.activation, a.activation);
  choose(arguments.embedding, a.embedding);
  choose(arguments.skip, a.skip);
  choose(arguments.norm, a.norm);
  choose(arguments.scale, a.scale);
  bool const reaches_noise = sde.at(sde.t_max()).alpha() == 0;
  if (explodes(sde)) a.prediction = Prediction::denoised;
  if (reaches_noise) a.prediction = Prediction::flow;
  choose(arguments.prediction, a.prediction);
  // Of EDM's there is none at alpha = 0.
  if (a.prediction == Prediction::denoised && !reaches_noise)
    a.preconditioning = Preconditioning::edm;
  choose(arguments.preconditioning, a.preconditioning);
  // The times of the other processes run from 0 to 1.
  if (a.preconditioning == Preconditioning::edm || sde.is_discrete() || sde.t_max() > 1)
    a.conditioning = Conditioning::log_sigma;
  choose(arguments.conditioning, a.conditioning);
  check(a);
  return a;
}

TrainingOptions options_of(TrainArguments const& arguments, Sde const& sde, Architecture const& a) {
  TrainingOptions o;
  if (a.prediction == Prediction::score) o.weighting = Weighting::epsilon;
  if (a.prediction == Prediction::denoised)
    o.weighting = a.preconditioning == Preconditioning::edm ? Weighting::edm : Weighting::min_snr;
  if (!sde.is_discrete() && sde.t_max() > 1) o.time_sampling = TimeSampling::log_normal;
  choose(arguments.weighting, o.weighting);
  choose(arguments.time_sampling, o.time_sampling);
  if (arguments.iterations) o.iterations = arguments.iterations.integer(1, DrawKey::max_step);
  if (arguments.batch) o.batch = arguments.batch.integer(1, std::int64_t{1} << 24);
  o.warm_up = std::min(o.warm_up, o.iterations / 10);
  if (arguments.warm_up) o.warm_up = arguments.warm_up.integer(0, DrawKey::max_step);
  if (arguments.learning_rate) o.learning_rate = arguments.learning_rate.real(Range::positive());
  if (arguments.weight_decay) o.weight_decay = arguments.weight_decay.real(Range::at_least(0));
  if (arguments.clip) o.clip = arguments.clip.real(Range::at_least(0));
  if (arguments.drop_condition)
    o.drop_condition = arguments.drop_condition.real({.low = 0, .high = 1});
  if (arguments.ema) o.ema = arguments.ema.reals({.low = 0, .high = 1});
  bool const from_checkpoint = arguments.resume && !arguments.seed;
  o.seed = from_checkpoint ? seed_of_checkpoint(arguments.resume.text()) : seed_of(arguments.seed);
  check(o);
  return o;
}

std::string checkpoint_of(TrainArguments const& arguments) {
  if (arguments.checkpoint) return arguments.checkpoint.text();
  if (arguments.resume) return arguments.resume.text();
  std::filesystem::path const out = arguments.out.text();
  std::error_code ignored;
  auto const status = std::filesystem::status(out, ignored);
  // Beside a device or a pipe there is no place for one.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) return {};
  return std::filesystem::path(out).replace_extension(".checkpoint").string();
}

}  // namespace

TrainArguments::TrainArguments()
    : Arguments(
          {.command = "train",
           .summary =
               "Train a score network, a multilayer perceptron, by denoising score matching: on\n"
               "fresh exact draws of a target, or on a data set, which is normalised (the "
               "network's\n"
               "file says how to go back). The output is safetensors; docs/networks.md describes "
               "it.\n"
               "A run can be killed at any moment: the same line with --resume M.checkpoint goes "
               "on\n"
               "and gives the same bits as a run that was not stopped.",
           .notes = names_of_sdes() + names_of_targets(),
           .examples = {"--target swiss-roll --sde vp --iterations 500 --out swiss.safetensors"}}),
      target(option("--target", "NAME", "the target, or")),
      data(option("--data", "FILE", "the data set, .npy [n, d], which may be larger than memory")),
      labels(option("--labels", "FILE",
                    "condition on classes: .npy [n] of whole numbers from 0; with\n"
                    "--target: components, the one that a draw is of")),
      conditions(option("--conditions", "FILE", "condition on vectors: .npy [n, m]")),
      sde(option("--sde", "NAME", "the SDE")),
      out(option("--out", "FILE", "where to write the network")),
      width(option("--width", "W", "of the hidden layers (default: 128)")),
      depth(option("--depth", "L", "hidden layers (default: 3)")),
      activation(option("--activation", "NAME", all_names<Activation>() + " (default: silu)")),
      frequencies(option("--frequencies", "N",
                         "of the time embedding (default: 32; 0: the network knows no time)")),
      embedding(option("--embedding", "NAME", all_names<Embedding>() + " (default: fourier)")),
      conditioning(option("--conditioning", "NAME",
                          all_names<Conditioning>() + " (default: time; log-sigma for\n"
                                                      "edm, ddpm, and with preconditioning)")),
      skip(option("--skip", "NAME", all_names<Skip>() + " (default: none)")),
      norm(option("--norm", "NAME", all_names<Norm>() + " (default: none)")),
      scale(option(
          "--scale", "NAME",
          "of each component of the output: " + all_names<OutputScale>() + " (default: none)")),
      prediction(option("--prediction", "NAME",
                        all_names<Prediction>() + " (default: noise; ve and\n"
                                                  "edm: denoised; rectified-flow: flow)")),
      preconditioning(
          option("--preconditioning", "NAME",
                 all_names<Preconditioning>() + " (default: edm where denoised is predicted)")),
      iterations(option("--iterations", "N", "(default: 40000)")),
      batch(option("--batch", "B", "examples of an iteration (default: 512)")),
      learning_rate(option("--learning-rate", "R",
                           "the largest; half a cosine brings it to 0 (default: 0.002)")),
      warm_up(option("--warm-up", "N", "iterations in which it grows (default: 200)")),
      weight_decay(option("--weight-decay", "R", "of AdamW (default: 0)")),
      clip(option("--clip", "R", "largest norm of a gradient, 0: any (default: 1)")),
      ema(option("--ema", "R,R,...",
                 "rates of moving averages of the weights; the first is the\n"
                 "network, the others stand beside it (default: 0.999)")),
      weighting(option("--weighting", "NAME",
                       all_names<Weighting>() +
                           "\n                            (default: prediction; denoised: edm, or "
                           "min-snr without\n                            preconditioning; score: "
                           "epsilon)")),
      time_sampling(option("--time-sampling", "NAME",
                           all_names<TimeSampling>() +
                               "\n                            (default: importance; edm: "
                               "log-normal)")),
      drop_condition(option("--drop-condition", "P",
                            "share of examples that are not told their class, for\n"
                            "--guidance later (default: 0)")),
      seed(option("--seed", "S", "(default: random, or that of --resume)")),
      resume(option("--resume", "FILE", "go on from a checkpoint of the same line")),
      checkpoint(option("--checkpoint", "FILE",
                        "where to write checkpoints (default: that of --resume, or\n"
                        "--out with the ending .checkpoint)")),
      checkpoint_every(option("--checkpoint-every", "N", "iterations, 0: never (default: 1000)")) {}

TrainingPlan plan_of(TrainArguments const& arguments) {
  Sde const process = make_sde(arguments.sde.text());
  static_cast<void>(arguments.out.text());
  std::int64_t const every =
      arguments.checkpoint_every ? arguments.checkpoint_every.integer(0) : default_checkpoint_every;
  TrainingData data = data_of(arguments);
  Architecture const architecture = architecture_of(arguments, process, data);
  TrainingOptions options = options_of(arguments, process, architecture);
  return {.task = {.architecture = architecture,
                   .sde = arguments.sde.text(),
                   .data = std::move(data),
                   .options = std::move(options)},
          .resume = arguments.resume ? std::optional(arguments.resume.text()) : std::nullopt,
          .checkpoint = every > 0 ? checkpoint_of(arguments) : std::string(),
          .checkpoint_every = every};
}

}  // namespace retrace::app
