// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/finite.hpp>
#include <retrace/core/interrupt.hpp>
#include <retrace/core/memory.hpp>
#include <retrace/likelihood/encode.hpp>
#include <retrace/run/check_samples.hpp>

#include <tbb/parallel_for.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace retrace {
namespace {

/// Throws Error (argument) for points that are not [n][d] or not finite; returns n.
std::int64_t check_points(HostModel const& model, std::span<double const> points, int estimates) {
  check_samples(0, model.dimension, sizeof(double));
  auto const size = static_cast<std::int64_t>(points.size());
  std::int64_t const n = size / model.dimension;
  if (n * model.dimension != size)
    throw Error(Fault::argument, "the points hold " + std::to_string(size) + " numbers",
                "that is not [n][" + std::to_string(model.dimension) + "]");
  for (std::int64_t row = 0; row < n; ++row) {
    double const* const x = &points[static_cast<std::size_t>(row * model.dimension)];
    if (!all_finite(model.dimension, [&](int i) { return x[i]; }))
      throw Error(Fault::argument, "row " + std::to_string(row) + " of the points is not finite");
  }
  require_memory(std::to_string(n) + " latent points and integrals",
                 saturated_product({n, std::int64_t{model.dimension} + estimates,
                                    static_cast<std::int64_t>(sizeof(double))}));
  return n;
}

void check_volume_error(OdeStepper const& stepper, VolumeError volume_error) {
  if (volume_error == VolumeError::free || stepper.integral_error == IntegralError::seen) return;
  throw Error(Fault::argument, stepper.name + " cannot control the error of a likelihood",
              "its error estimate does not see integrals",
              "take another stepper or VolumeError::free");
}

/// From data to noise where the span does not say otherwise.
Ends ends_of_encoding(Sde const& sde, Span span) {
  if (!sde.is_discrete()) {
    span.from = span.from.value_or(sde.default_end(Solver::deterministic));
    span.to = span.to.value_or(sde.t_max());
  }
  return ends_of(sde, span);
}

/// The state and the integrals of the divergence of one point, for one thread.
class Volume {
 public:
  Volume(ProbabilityFlow& flow, PointEstimator& divergence, std::size_t dimension, double unit)
      : flow_(&flow), divergence_(&divergence), d_(dimension), unit_(unit) {}

  void operator()(double phi, std::span<double const> y, std::span<double> slope) {
    auto const rows = slope.subspan(d_);
    divergence_->evaluate(*flow_, phi, y.first(d_), slope.first(d_), rows);
    for (double& row : rows) row *= unit_;
  }

 private:
  ProbabilityFlow* flow_;
  PointEstimator* divergence_;
  std::size_t d_;
  double unit_;
};

}  // namespace

Encoded encode(HostModel const& model, Sde const& sde, OdeStepper const& stepper, Span span,
               std::span<double const> points, DivergenceEstimator const& divergence,
               EncodeOptions const& options) {
  options.tolerance.check();
  std::int64_t const count = check_points(model, points, divergence.estimates());
  divergence.check(model, count);
  check_volume_error(stepper, options.volume_error);
  Ends const ends = ends_of_encoding(sde, span);
  NoiseLevel const from = level_of_end(model, sde, "--from", ends.from);
  NoiseLevel const to = level_of_end(model, sde, "--to", ends.to);
  OdeControl const control{.tolerance = options.tolerance,
                           .max_evaluations = options.max_evaluations};
  control.check(angle_of(from), angle_of(to));

  auto const begin = std::chrono::steady_clock::now();
  auto const n = static_cast<std::size_t>(count), d = static_cast<std::size_t>(model.dimension),
             estimates = static_cast<std::size_t>(divergence.estimates());
  // Integrals in so small a unit that no error estimate sees them; a power of 2, so that it
  // changes no bit of them.
  double const unit = options.volume_error == VolumeError::free ? std::ldexp(1.0, -100) : 1.0;
  Encoded result{.z = HostArray<double>("retrace::z", n, d),
                 .change = HostArray<double>("retrace::change", n, estimates),
                 .t = std::vector<double>(n, ends.to),
                 .evaluations = std::vector<std::int64_t>(n),
                 .outcomes = std::vector<Outcome>(n)};
  tbb::parallel_for(std::size_t{0}, n, [&](std::size_t row) {
    ProbabilityFlow flow(model, sde, from, to);
    auto const at_point = divergence.at_point(
        model, {.row = static_cast<std::int64_t>(row), .sample = options.first_sample + row});
    Volume volume(flow, *at_point, d, unit);
    OdeState y(d + estimates);
    for (std::size_t c = 0; c < d; ++c) y[c] = points[row * d + c] / radius_of(from);
    auto const method = stepper.make(options.tolerance);
    Integrated const run =
        integrate(*method, std::ref(volume), y, angle_of(from), angle_of(to), control);
    result.evaluations[row] = run.evaluations;
    result.outcomes[row] = run.outcome;
    // A point that got nowhere stays as it is.
    if (run.steps == 0) {
      result.t[row] = ends.from;
      for (std::size_t c = 0; c < d; ++c) result.z(row, c) = points[row * d + c];
      return;
    }
    NoiseLevel const reached = flow.level(run.t);
    result.t[row] = reached.t();
    for (std::size_t c = 0; c < d; ++c) result.z(row, c) = radius_of(reached) * y[c];
    double const growth = std::log(radius_of(reached) / radius_of(from));
    std::span<double> const change(&result.change(row, 0), estimates);
    at_point->of_identity(change);
    for (std::size_t k = 0; k < estimates; ++k) change[k] = change[k] * growth + y[d + k] / unit;
  });
  throw_if_interrupted();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

}  // namespace retrace
