// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/likelihood/encode_in_kernels.hpp>
#include <retrace/likelihood/volume_row.hpp>
#include <retrace/run/sample.hpp>
#include <retrace/sde/angle.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace retrace {
namespace {

/// The points as states, with a volume of 0 behind each.
template <class T>
HostArray<T> with_volume(std::span<double const> points, int dimension) {
  auto const d = static_cast<std::size_t>(dimension);
  if (points.size() % d != 0)
    throw Error(Fault::argument, "the points are " + std::to_string(points.size()) + " numbers",
                "the model has " + std::to_string(dimension) + " components");
  HostArray<T> states("retrace::points", points.size() / d, d + 1);
  for (std::size_t row = 0; row < states.extent(0); ++row)
    for (std::size_t c = 0; c < d; ++c) states(row, c) = static_cast<T>(points[row * d + c]);
  return states;
}

template <class T>
HostArray<double> without_volume(HostArray<T> states) {
  HostArray<double> z(Kokkos::view_alloc(Kokkos::WithoutInitializing, "retrace::z"),
                      states.extent(0), states.extent(1) - 1);
  for (std::size_t row = 0; row < z.extent(0); ++row)
    for (std::size_t c = 0; c < z.extent(1); ++c) z(row, c) = static_cast<double>(states(row, c));
  return z;
}

}  // namespace

template <class T>
Encoded encode(Executor<T>& executor, AnySampler const& sampler, Grid const& grid,
               std::span<double const> points, std::uint64_t first_sample) {
  NoiseLevel const from = grid.level(0), to = grid.level(grid.count());
  if (grid.runs_backwards())
    throw Error(Fault::argument, "the grid runs from noise to data",
                "a likelihood goes from data to noise", "take Grid::reversed()");
  if (to.alpha() == 0)
    throw Error(Fault::argument, "--to cannot be " + shortest(to.t()),
                "alpha is 0 there, and steps of a grid lose the volume",
                "give a smaller one, or take an adaptive solver");
  if (cost(sampler, grid).draws > 0)
    throw Error(Fault::argument, "the sampler draws noise",
                "a likelihood needs the probability flow, which has none",
                "take a deterministic sampler");
  HostArray<T> const states = with_volume<T>(points, executor.dimension() - 1);
  auto const n = states.extent(0), d = states.extent(1) - 1;
  Samples<T> const run =
      sample(executor, given_start<T>(states, first_sample), sampler, grid,
             {.samples = static_cast<std::int64_t>(n), .first_sample = first_sample});
  if (run.nonfinite > 0) {
    std::string const first = run.where.empty() ? ""
                                                : "; the first is point " +
                                                      std::to_string(run.where.front().sample) +
                                                      ", at t = " + shortest(run.where.front().t);
    throw Error(Fault::numerics,
                std::to_string(run.nonfinite) + " of " + std::to_string(n) +
                    " points are not finite at the end" + first,
                "more steps may help");
  }
  Encoded encoded{.z = without_volume(run.x),
                  .change = HostArray<double>("retrace::change", n, 1),
                  .t = std::vector<double>(n, to.t()),
                  .evaluations = std::vector<std::int64_t>(n, run.evaluations),
                  .outcomes = std::vector<Outcome>(n, Outcome::done),
                  .seconds = run.seconds};
  for (std::size_t row = 0; row < n; ++row)
    encoded.change(row, 0) = scale_change(from, to, static_cast<int>(d)) +
                             static_cast<double>(run.x(row, d)) / to.alpha();
  return encoded;
}

template <class T>
Encoded encode(AdaptiveExecutor<T>& executor, StepProgram const& step, Sde const& sde, Span span,
               std::span<double const> points, EncodeOptions const& options) {
  HostArray<T> const states = with_volume<T>(points, executor.dimension() - 1);
  auto const n = states.extent(0), d = states.extent(1) - 1;
  AdaptiveSamples<T> run =
      adaptive_sample(executor, given_start<T>(states, options.first_sample), step, sde, span,
                      {.samples = static_cast<std::int64_t>(n),
                       .first_sample = options.first_sample,
                       .tolerance = options.tolerance,
                       .max_evaluations = options.max_evaluations,
                       .free_components = options.volume_error == VolumeError::free ? 1 : 0,
                       .kept_steps = options.kept_steps});
  Ends const ends = ends_of(sde, span);
  NoiseLevel const from = sde.at(ends.from);
  // The volume comes multiplied by s, as the other components do.
  auto const change_at = [&](double t, double volume) {
    NoiseLevel const reached = sde.at(t);
    return scale_change(from, reached, static_cast<int>(d)) + volume / radius_of(reached);
  };
  double const whole = change_at(ends.to, 0), per_radius = 1 / radius_of(sde.at(ends.to));
  Encoded encoded{.z = without_volume(run.x),
                  .change = HostArray<double>("retrace::change", n, 1),
                  .t = std::move(run.t),
                  .evaluations = std::move(run.evaluations),
                  .steps = std::move(run.steps),
                  .angles = std::move(run.angles),
                  .outcomes = std::move(run.outcomes),
                  .seconds = run.seconds};
  for (std::size_t row = 0; row < n; ++row) {
    auto const volume = static_cast<double>(run.x(row, d));
    encoded.change(row, 0) =
        encoded.t[row] == ends.to ? whole + volume * per_radius : change_at(encoded.t[row], volume);
  }
  return encoded;
}

template Encoded encode(Executor<float>&, AnySampler const&, Grid const&, std::span<double const>,
                        std::uint64_t);
template Encoded encode(Executor<double>&, AnySampler const&, Grid const&, std::span<double const>,
                        std::uint64_t);
template Encoded encode(AdaptiveExecutor<float>&, StepProgram const&, Sde const&, Span,
                        std::span<double const>, EncodeOptions const&);
template Encoded encode(AdaptiveExecutor<double>&, StepProgram const&, Sde const&, Span,
                        std::span<double const>, EncodeOptions const&);

}  // namespace retrace
