// SPDX-License-Identifier: Apache-2.0

// Prints every registered sampler, traced on every SDE. scripts/check-compilers builds it with g++
// and with clang++, which do not evaluate operands in the same order, and compares what they print.
#include <retrace/samplers/registry.hpp>
#include <retrace/sde/registry.hpp>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

int main() try {
  std::vector<std::string> texts{"ddim:eta=0.5", "edm-heun:churn=4"};
  for (auto const& entry : retrace::samplers()) texts.push_back(entry.name);
  for (auto const& entry : retrace::sdes()) {
    retrace::Sde const sde = retrace::make_sde(entry.name);
    if (sde.is_discrete()) continue;  // its levels are some of vp's kind
    double const from = sde.at(sde.t_max()).alpha() > 0 ? sde.t_max() : 0.9;
    retrace::Grid const grid = retrace::make_grid("uniform", sde, 5, {.from = from, .to = 0.01});
    for (std::string const& text : texts)
      std::cout << entry.name << ' ' << text << '\n'
                << retrace::trace(retrace::make_sampler(text), grid) << '\n';
  }
  return 0;
} catch (std::exception const& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
