// SPDX-License-Identifier: Apache-2.0
#include <retrace/exact/error_split.hpp>
#include <retrace/exact/moments.hpp>
#include <retrace/trace/cost.hpp>

#include <cmath>

namespace retrace {

ErrorSplit error_split(AnySampler const& sampler, Grid const& grid, std::span<Normal const> data) {
  NoiseLevel const s = grid.level(0), t = grid.level(grid.count());
  double const sigma = grid.sde().prior_sigma();
  Normal const prior{0, sigma * sigma};
  bool const draws = cost(sampler, grid).draws > 0;
  ErrorSplit split{};
  auto const add = [](double& sum, Normal const& a, Normal const& b) {
    sum = std::hypot(sum, wasserstein2(a, b));
  };
  for (Normal const& along : data) {
    Normal const end = marginal(along, t);
    add(split.initialisation,
        draws ? reverse_sde(along, s, t, prior) : flow_ode(along, s, t, prior), end);
    add(split.discretisation, moments(sampler, grid, along, marginal(along, s)), end);
    add(split.truncation, end, along);
    add(split.total, moments(sampler, grid, along, prior), along);
  }
  return split;
}

}  // namespace retrace
