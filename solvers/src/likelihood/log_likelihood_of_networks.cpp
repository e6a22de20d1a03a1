// SPDX-License-Identifier: Apache-2.0
#include "likelihood_of.hpp"

#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/run/network_executor.hpp>
#include <retrace/samplers/registry.hpp>

namespace retrace {

Likelihood log_likelihood(Network const& network, Sde const& sde, std::string_view solver,
                          std::span<double const> points, LikelihoodOptions const& options) {
  auto const step = step_program_of(solver);
  bool const exact = !options.divergence || options.divergence->is_exact();
  Span const span = ascending(sde, options.span);
  HostModel const model = host_model(network);
  if (!step || !exact || !runs_adaptively_in_kernels(sde, span))
    return log_likelihood(model, sde, solver, points, options);
  auto const solve = [&]<class T>(T, Accuracy accuracy) {
    return encode(*adaptive_volume_executor<T>(network, sde, span), *step, sde, span, points,
                  options_of(options.encode, accuracy));
  };
  return likelihood_of({.sde = sde,
                        .ends = end_terms(model, sde, *span.from, *span.to),
                        .points = points,
                        .probes = 0,
                        .error_per_change = 1},
                       options.budget, [&](Accuracy accuracy) {
                         return accuracy == Accuracy::asked &&
                                        options.arithmetic == Arithmetic::in_float
                                    ? solve(float{}, accuracy)
                                    : solve(double{}, accuracy);
                       });
}

Likelihood log_likelihood(Network const& network, std::string_view sampler, Grid const& grid,
                          std::span<double const> points, GridLikelihoodOptions const& options) {
  AnySampler const made = make_sampler(sampler);
  auto const solve = [&]<class T>(T, Accuracy accuracy) {
    return encode(*volume_executor<T>(network), made, grid_of(grid, accuracy), points);
  };
  return likelihood_of(
      {.sde = grid.sde(),
       .ends = end_terms(host_model(network), grid.sde(), grid.time(0), grid.time(grid.count())),
       .points = points,
       .probes = 0,
       .error_per_change = error_per_halving(sampler_entry(sampler).info.order.value_or(1))},
      options.budget, [&](Accuracy accuracy) {
        return accuracy == Accuracy::asked && options.arithmetic == Arithmetic::in_float
                   ? solve(float{}, accuracy)
                   : solve(double{}, accuracy);
      });
}

}  // namespace retrace
