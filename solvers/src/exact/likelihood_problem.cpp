// SPDX-License-Identifier: Apache-2.0
#include "likelihood_problem.hpp"

#include "flow_problem.hpp"

#include <retrace/likelihood/volume_row.hpp>
#include <retrace/run/reference.hpp>
#include <retrace/targets/target.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace retrace {

LikelihoodProblem::LikelihoodProblem()
    : mixture_(flow_mixture()), model_(host_model(Target(mixture_))) {}

double LikelihoodProblem::error(AnySampler const& sampler, Grid const& grid) const {
  auto const d = static_cast<std::size_t>(model_.dimension);
  NoiseLevel const from = grid.level(0), to = grid.level(grid.count());
  std::vector<double> const points = flow_starts(from, 16);
  // The points go side by side through one run, each with its volume behind it.
  std::vector<double> states;
  for (std::size_t i = 0; i < points.size(); ++i) {
    states.push_back(points[i]);
    if (i % d == d - 1) states.push_back(0);
  }
  reference(
      trace(sampler, grid, model_.prediction),
      [&](std::span<double const> in, NoiseLevel const& s, std::span<double> out) {
        VolumeRow const row = volume_row(model_.prediction, s, model_.dimension);
        for (std::size_t i = 0; i < in.size(); i += d + 1) {
          double const divergence = model_.divergence(in.subspan(i, d), s, out.subspan(i, d));
          out[i + d] = row.of_row * in[i + d] + row.of_divergence * divergence + row.constant;
        }
      },
      0, 0, states);
  MixtureAtLevel const first = mixture_.at(from), last = mixture_.at(to);
  double const growth = scale_change(from, to, model_.dimension);
  double sum = 0;
  for (std::size_t row = 0; row < points.size() / d; ++row) {
    auto const z = std::span<double const>(states).subspan(row * (d + 1), d + 1);
    double const found = last.log_density(z.first(d)) + growth + z[d] / to.alpha();
    sum = std::hypot(sum, found - first.log_density(std::span(points).subspan(row * d, d)));
  }
  return sum;
}

}  // namespace retrace
