// SPDX-License-Identifier: Apache-2.0
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/check_samples.hpp>
#include <retrace/sde/angle.hpp>

#include <algorithm>
#include <chrono>
#include <limits>
#include <vector>

namespace retrace {
namespace {

/// Divides every number by s.
template <class T>
void divide(Batch<T> x, double s) {
  std::size_t const d = x.extent(1);
  T* const numbers = x.data();
  Kokkos::parallel_for(
      "retrace::divide",
      Kokkos::RangePolicy<Execution>(0, static_cast<std::int64_t>(x.extent(0) * d)),
      KOKKOS_LAMBDA(std::int64_t i) {
        numbers[i] = static_cast<T>(static_cast<double>(numbers[i]) / s);
      });
}

}  // namespace

template <class T>
Tolerance attainable(Tolerance const& tolerance) {
  constexpr double floor = 16 * static_cast<double>(std::numeric_limits<T>::epsilon());
  return {std::max(tolerance.rtol, floor), std::max(tolerance.atol, floor)};
}

template <class T>
AdaptiveSamples<T> adaptive_sample(AdaptiveExecutor<T>& executor, Start<T> const& start,
                                   StepProgram const& step, Sde const& sde, Span span,
                                   AdaptiveOptions<T> const& options) {
  check_samples(options.samples, executor.dimension(), sizeof(T));
  options.check();
  Ends const ends = ends_of(sde, span);
  NoiseLevel const from = sde.at(ends.from), to = sde.at(ends.to);
  Tolerance const tolerance = attainable<T>(options.tolerance);

  auto const begin = std::chrono::steady_clock::now();
  auto const n = static_cast<std::size_t>(options.samples);
  Kokkos::View<T**, Kokkos::LayoutRight, Execution::memory_space> const x(
      Kokkos::view_alloc(Kokkos::WithoutInitializing, "retrace::samples"), n,
      static_cast<std::size_t>(executor.dimension()));
  if (n > 0) start(options.first_sample, x);
  divide<T>(x, radius_of(from));
  AdaptiveCounts counts = executor.run(step,
                                       {.from = angle_of(from),
                                        .to = angle_of(to),
                                        .tolerance = tolerance,
                                        .max_evaluations = options.max_evaluations,
                                        .free_components = options.free_components,
                                        .kept_steps = options.kept_steps},
                                       x);
  AdaptiveSamples<T> result{.x = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace{}, x),
                            .t = std::vector<double>(n, ends.to),
                            .evaluations = {counts.evaluations.begin(), counts.evaluations.end()},
                            .steps = {counts.steps.begin(), counts.steps.end()},
                            .rejections = {counts.rejections.begin(), counts.rejections.end()},
                            .angles = std::move(counts.taken),
                            .outcomes = std::move(counts.outcomes),
                            .tolerance = tolerance,
                            .lane_use = counts.lane_use,
                            .seed = options.seed};
  for (std::size_t row = 0; row < n; ++row) {
    bool const done = result.outcomes[row] == Outcome::done;
    // A sample that got nowhere is at its start, whose angle may say nothing of t.
    NoiseLevel const level = done                     ? to
                             : result.steps[row] == 0 ? from
                                                      : level_at_angle(sde, counts.angle[row]);
    double const radius = radius_of(level);
    result.t[row] = level.t();
    for (std::size_t c = 0; c < result.x.extent(1); ++c)
      result.x(row, c) = static_cast<T>(radius * static_cast<double>(result.x(row, c)));
  }
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return result;
}

template Tolerance attainable<float>(Tolerance const&);
template Tolerance attainable<double>(Tolerance const&);
template AdaptiveSamples<float> adaptive_sample(AdaptiveExecutor<float>&, Start<float> const&,
                                                StepProgram const&, Sde const&, Span,
                                                AdaptiveOptions<float> const&);
template AdaptiveSamples<double> adaptive_sample(AdaptiveExecutor<double>&, Start<double> const&,
                                                 StepProgram const&, Sde const&, Span,
                                                 AdaptiveOptions<double> const&);

}  // namespace retrace
