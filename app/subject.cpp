// SPDX-License-Identifier: Apache-2.0
#include "subject.hpp"

#include <retrace/targets/registry.hpp>

#include <limits>

namespace retrace::app {
namespace {

TorchScriptOptions options_of(ModuleOptions const& given) {
  TorchScriptOptions options;
  ModuleConventions& said = options.conventions;
  if (given.shape) said.shape = parse_shape(given.shape.name(), given.shape.text());
  if (given.prediction) said.prediction = parse_prediction(given.prediction.text());
  if (given.conditioning) said.time = ModuleTime::parse(given.conditioning.text());
  if (given.device) options.device = given.device.text();
  if (given.batch) options.batch = given.batch.integer(1, std::numeric_limits<std::int32_t>::max());
  return options;
}

}  // namespace

ModuleOptions::ModuleOptions(Arguments& arguments)
    : shape(arguments.option("--shape", "AxBxC",
                             "TorchScript: of one sample, 3x32x32 (default of this and\n"
                             "of the next two: what the file says)")),
      prediction(arguments.option("--prediction", "WHAT",
                                  "TorchScript: noise, denoised, v, flow or score")),
      conditioning(arguments.option("--conditioning", "WHAT",
                                    "TorchScript: time, time:scale=1000, log-sigma, sigma or\n"
                                    "index")),
      device(arguments.option("--device", "NAME", "TorchScript: cpu (default) or cuda")),
      batch(arguments.option("--batch", "B",
                             "TorchScript: samples of one call (default: 131072 numbers)")) {}

int Subject::dimension() const {
  if (target()) return target()->dimension();
  return trained() ? trained()->network.dimension() : torchscript()->dimension();
}

std::optional<Subject> model_of(Given const& model, ConditionOptions const& condition,
                                ModuleOptions const& module) {
  condition.require(model);
  if (model && is_torchscript(model.text())) {
    for (Given const* option : {&condition.of_class, &condition.condition})
      if (*option)
        throw Error(Fault::argument, option->name() + " does not go with TorchScript modules",
                    "a module is called with x and the level only",
                    "wrap it in one that knows the class before it is saved");
    return Subject(TorchScriptModel(model.text(), options_of(module)), model.text());
  }
  for (Given const* option :
       {&module.shape, &module.prediction, &module.conditioning, &module.device, &module.batch})
    if (*option)
      throw Error(Fault::argument, option->name() + " goes with TorchScript modules only",
                  "everything else says itself what it is");
  if (!model) return {};
  return Subject(read_conditioned(model, condition), model.text());
}

Subject subject_of(Given const& target, Given const& model, ConditionOptions const& condition,
                   ModuleOptions const& module) {
  refuse_together(target, model, "both say what to evaluate");
  if (auto subject = model_of(model, condition, module)) return *std::move(subject);
  if (!target)
    throw Error(Fault::argument, "--target is missing", "give --target NAME or --model FILE");
  return {make_target(target.text()), target.text()};
}

std::string sde_text_of(Given const& sde, Subject const& subject) {
  if (!sde && subject.trained()) return subject.trained()->sde;
  if (!sde && subject.torchscript() && !subject.torchscript()->conventions().sde.empty())
    return subject.torchscript()->conventions().sde;
  return sde.text();
}

void refuse_for_models(Subject const& subject, Given const& option, std::string_view reason) {
  if (option && !subject.target())
    throw Error(Fault::argument, option.name() + " does not go with --model", reason);
}

}  // namespace retrace::app
