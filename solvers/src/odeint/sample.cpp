// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/interrupt.hpp>
#include <retrace/odeint/sample.hpp>
#include <retrace/run/check_samples.hpp>

#include <tbb/parallel_for.h>

#include <chrono>
#include <functional>
#include <vector>

namespace retrace {
namespace {

void check(HostModel const& model, OdeintOptions const& options) {
  check_samples(options.samples, model.dimension, sizeof(double));
  options.tolerance.check();
}

}  // namespace

AdaptiveSamples<double> odeint_sample(HostModel const& model, Sde const& sde,
                                      OdeStepper const& stepper, Span span,
                                      Start<double> const& start, OdeintOptions const& options) {
  check(model, options);
  Ends const ends = ends_of(sde, span);
  NoiseLevel const from = level_of_end(model, sde, "--from", ends.from);
  NoiseLevel const to = level_of_end(model, sde, "--to", ends.to);
  double const start_phi = angle_of(from), end_phi = angle_of(to);
  OdeControl const control{.tolerance = options.tolerance,
                           .max_evaluations = options.max_evaluations};
  control.check(start_phi, end_phi);

  auto const begin = std::chrono::steady_clock::now();
  auto const n = static_cast<std::size_t>(options.samples);
  auto const d = static_cast<std::size_t>(model.dimension);
  AdaptiveSamples<double> result{
      .x = start_states(start, options.first_sample, options.samples, model.dimension),
      .t = std::vector<double>(n, ends.to),
      .evaluations = std::vector<std::int64_t>(n),
      .steps = std::vector<std::int64_t>(n),
      .rejections = std::vector<std::int64_t>(n),
      .outcomes = std::vector<Outcome>(n),
      .tolerance = options.tolerance,
      .seed = options.seed};
  tbb::parallel_for(std::size_t{0}, n, [&](std::size_t row) {
    ProbabilityFlow flow(model, sde, from, to);
    OdeState z(d);
    for (std::size_t c = 0; c < d; ++c) z[c] = result.x(row, c) / radius_of(from);
    auto const method = stepper.make(options.tolerance);
    Integrated const run = integrate(*method, std::ref(flow), z, start_phi, end_phi, control);
    result.evaluations[row] = run.evaluations;
    result.steps[row] = run.steps;
    result.rejections[row] = run.rejections;
    result.outcomes[row] = run.outcome;
    // A sample that got nowhere keeps its start as it is.
    if (run.steps == 0) {
      result.t[row] = ends.from;
      return;
    }
    NoiseLevel const reached = flow.level(run.t);
    result.t[row] = reached.t();
    for (std::size_t c = 0; c < d; ++c) result.x(row, c) = radius_of(reached) * z[c];
  });
  throw_if_interrupted();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

AdaptiveSamples<double> odeint_sample(Target const& target, Sde const& sde,
                                      OdeStepper const& stepper, Span span,
                                      OdeintOptions const& options) {
  Ends const ends = ends_of(sde, span);
  Grid const grid(sde, std::vector<double>{ends.from, ends.to});
  return odeint_sample(host_model(target), sde, stepper, span,
                       default_start<double>(target, grid, options.seed), options);
}

}  // namespace retrace
