// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

namespace retrace {

/// Which part of a step draw k is the increment over; `area`: draw 1 is sra1's.
struct StepDraws {
  std::vector<double> from = {0}, to = {1};
  enum class Last { increment, area } last = Last::increment;
  enum class Sde { reverse, extended } sde = Sde::reverse;
};

inline StepDraws draws_of(std::string const& name) {
  std::map<std::string, StepDraws> const several{
      {"dpmpp-sde", {{0, 0.5}, {0.5, 1}}},
      {"seeds-2", {{0, 0.5}, {0.5, 1}}},
      {"seeds-3", {{0, 1.0 / 3, 2.0 / 3}, {1.0 / 3, 2.0 / 3, 1}}},
      {"er-sde-1", {.sde = StepDraws::Sde::extended}},
      {"er-sde-2", {.sde = StepDraws::Sde::extended}},
      {"er-sde-3", {.sde = StepDraws::Sde::extended}},
      {"sra1", {{0, 0}, {1, 1}, StepDraws::Last::area}}};
  auto const found = several.find(name);
  return found == several.end() ? StepDraws{} : found->second;
}

}  // namespace retrace
