// SPDX-License-Identifier: Apache-2.0
#include "routes.hpp"

#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/network_executor.hpp>

namespace retrace {
Likelihood log_likelihood(Network const& network, Sde const& sde, std::string_view solver,
                          std::span<double const> points, LikelihoodOptions const& options) {
  bool const exact = !options.divergence || options.divergence->is_exact();
  Span const span = ascending(sde, options.span);
  if (!step_program_of(solver) || !exact || options.half_width ||
      !runs_adaptively_in_kernels(sde, span))
    return log_likelihood(host_model(network), sde, solver, points, options);
  Route const route{
      .solve =
          [&](Accuracy accuracy, std::span<Spread const>) {
            OdeStepper const& stepper = stepper_of(solver, accuracy);
            return carried(in_arithmetic(options, accuracy, [&]<class T>(T) {
              return encode(*adaptive_volume_executor<T>(network, sde, span),
                            *step_program_of(stepper.name), sde, span, points,
                            options_of(options.encode, stepper, accuracy));
            }));
          },
      .decode =
          [&](HostArray<double> z) {
            return decoded(network, sde, solver, span, z, options.encode);
          },
      .ends = [&] { return end_terms(host_model(network), sde, *span.from, *span.to); }};
  return likelihood_of(route, sde, points, options);
}

Likelihood log_likelihood(Network const& network, std::string_view sampler, Grid const& grid,
                          std::span<double const> points, LikelihoodOptions const& options) {
  return on_grid(
      [&] {
        return end_terms(host_model(network), grid.sde(), grid.time(0), grid.time(grid.count()));
      },
      sampler, grid, points, options,
      [&](Accuracy accuracy, AnySampler const& made, Grid const& steps) {
        return in_arithmetic(options, accuracy, [&]<class T>(T) {
          return encode(*volume_executor<T>(network), made, steps, points,
                        options.encode.first_sample);
        });
      },
      [&](AnySampler const& made, Grid const& back, SampleOptions<double> const& how) {
        return sample<double>(network, made, back, how);
      });
}

}  // namespace retrace
