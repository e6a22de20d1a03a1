// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/nn/conditioned.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace retrace {

void check_condition(Architecture const& a, std::span<double const> condition) {
  if (condition.size() != static_cast<std::size_t>(a.conditions))
    throw Error(Fault::argument,
                "the condition has " + std::to_string(condition.size()) + " numbers",
                a.conditions == 0 ? "the network is not conditioned"
                                  : "the network takes " + std::to_string(a.conditions));
  if (!std::ranges::all_of(condition, [](double v) { return std::isfinite(v); }))
    throw Error(Fault::argument, "the condition has a number that is not finite");
}

std::vector<double> class_condition(Architecture const& a, std::int64_t number) {
  if (a.conditions == 0 || a.condition_kind != ConditionKind::of_class)
    throw Error(Fault::argument, "the network knows no classes",
                a.conditions == 0
                    ? "it is not conditioned"
                    : "it is conditioned on " + std::to_string(a.conditions) + " numbers");
  if (number != no_class && (number < 0 || number >= a.conditions))
    throw Error(Fault::argument, "class " + std::to_string(number) + " does not exist",
                "the network has classes 0 to " + std::to_string(a.conditions - 1));
  std::vector<double> y(static_cast<std::size_t>(a.conditions));
  if (number != no_class) y[static_cast<std::size_t>(number)] = 1;
  return y;
}

Network conditioned(Network const& network, std::span<double const> condition) {
  check_condition(network.architecture(), condition);
  Architecture a = network.architecture();
  a.conditions = 0;
  a.condition_kind = {};
  Network made(a);
  for (TensorInfo const& info : made.layout())
    std::ranges::copy(network.tensor(info.name), made.tensor(info.name).begin());
  for (int i = 0; i < a.depth; ++i) {
    std::string const number = std::to_string(i);
    auto const weight = network.tensor("c." + number + ".weight");
    auto const bias = made.tensor("l." + number + ".bias");
    if (weight.empty()) continue;
    for (std::size_t o = 0; o < bias.size(); ++o) {
      auto sum = static_cast<double>(bias[o]);
      for (std::size_t k = 0; k < condition.size(); ++k)
        sum += static_cast<double>(weight[o * condition.size() + k]) * condition[k];
      bias[o] = static_cast<float>(sum);
    }
  }
  return made;
}

}  // namespace retrace
