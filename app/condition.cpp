// SPDX-License-Identifier: Apache-2.0
#include "condition.hpp"

#include <retrace/core/error.hpp>
#include <retrace/nn/conditioned.hpp>

#include <limits>
#include <vector>

namespace retrace::app {

void ConditionOptions::require(Given const& model) const {
  refuse_together(of_class, condition, "both say the condition");
  for (Given const* option : {&of_class, &condition})
    if (*option && !model)
      throw Error(Fault::argument, option->name() + " needs --model",
                  "only networks are conditioned");
}

std::vector<double> ConditionOptions::of(Architecture const& a) const {
  if (of_class)
    return class_condition(a, of_class.integer(0, std::numeric_limits<std::int32_t>::max()));
  if (condition) {
    std::vector<double> y = condition.reals({});
    check_condition(a, y);
    return y;
  }
  if (a.conditions == 0) return {};
  if (a.condition_kind == ConditionKind::of_class)
    throw Error(Fault::argument, "--class is missing",
                "the network of --model is conditioned on a class",
                "give --class K, 0 to " + std::to_string(a.conditions - 1));
  throw Error(Fault::argument, "--condition is missing",
              "the network of --model is conditioned on " + std::to_string(a.conditions) +
                  (a.conditions == 1 ? " number" : " numbers"),
              a.conditions == 1 ? "give --condition Y" : "give --condition Y,Y,...");
}

void ConditionOptions::add_to(Json& report) const {
  if (of_class) report["class"] = of_class.integer(0);
  if (condition) report["condition"] = condition.reals({});
}

std::string ConditionOptions::text() const {
  if (of_class) return ", class " + printable(of_class.text());
  if (condition) return ", condition " + printable(condition.text());
  return {};
}

TrainedNetwork read_conditioned(Given const& model, ConditionOptions const& options) {
  TrainedNetwork trained = read_network(model.text());
  std::vector<double> y = options.of(trained.network.architecture());
  return y.empty() ? trained : conditioned(trained, std::move(y));
}

}  // namespace retrace::app
