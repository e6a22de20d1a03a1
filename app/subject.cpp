// SPDX-License-Identifier: Apache-2.0
#include "subject.hpp"

#include <retrace/targets/registry.hpp>

namespace retrace::app {

Subject subject_of(Given const& target, Given const& model, ConditionOptions const& condition) {
  refuse_together(target, model, "both say what to evaluate");
  condition.require(model);
  if (model) return {read_conditioned(model, condition), model.text()};
  if (!target)
    throw Error(Fault::argument, "--target is missing", "give --target NAME or --model FILE");
  return {make_target(target.text()), target.text()};
}

std::string sde_text_of(Given const& sde, TrainedNetwork const* network) {
  return sde || network == nullptr ? sde.text() : network->sde;
}

void refuse_for_models(Subject const& subject, Given const& option, std::string_view reason) {
  if (option && subject.trained())
    throw Error(Fault::argument, option.name() + " does not go with --model", reason);
}

}  // namespace retrace::app
