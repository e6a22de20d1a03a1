// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/guided.hpp>
#include <retrace/nn/network.hpp>
#include <retrace/odeint/host_model.hpp>
#include <retrace/run/adaptive_executor.hpp>
#include <retrace/run/adaptive_result.hpp>
#include <retrace/run/spoiled.hpp>
#include <retrace/run/start.hpp>
#include <retrace/sde/grid_rule.hpp>
#include <retrace/targets/target.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace retrace {

template <class T = float>
struct AdaptiveOptions {
  std::int64_t samples = 0;
  std::uint64_t seed = 0;          ///< reported
  std::uint64_t first_sample = 0;  ///< run [a, a + n) gives rows a .. a + n - 1 of any longer run
  Tolerance tolerance = {};
  std::int64_t max_evaluations = 100'000;  ///< for each sample
  std::optional<Start<T>> start = {};      ///< default_start() where absent
  int free_components = 0;  ///< the last of a state, which the error norm leaves out; in kernels
  int kept_steps = 0;  ///< how many of a sample's steps AdaptiveSamples::angles keeps; in kernels

  /// Throws Error (argument) for bad tolerances, and for no evaluation at all.
  void check() const;
};

/// The tolerance where rounding allows it: steps cannot keep to less than 16 units of it, 1.9e-6 in
/// float and 3.6e-15 in double, relative and absolute (of z = x / sqrt(alpha^2 + sigma^2)).
template <class T>
[[nodiscard]] Tolerance attainable(Tolerance const& tolerance);

/// Integrates the probability-flow ODE by a step program, in the kernels of an executor. Each
/// sample has steps of its own, so the result depends neither on the other samples nor on threads
/// or tiles, bitwise. Tolerances are made attainable() and reported. Throws Error as below.
template <class T>
[[nodiscard]] AdaptiveSamples<T> adaptive_sample(AdaptiveExecutor<T>& executor,
                                                 Start<T> const& start, StepProgram const& step,
                                                 Sde const& sde, Span span,
                                                 AdaptiveOptions<T> const& options);

/// The step program of the adaptive sampler of that name; nothing where it is not a Runge-Kutta
/// pair.
[[nodiscard]] std::optional<StepProgram> step_program_of(std::string_view sampler);

/// Runs the adaptive sampler of that name (samplers/registry.hpp) on every sample of a target with
/// its exact score: each has steps of its own, so the result depends neither on the other samples
/// nor on threads, bitwise. Throws Error (argument) for a sampler that is not adaptive, for bad
/// tolerances and ends, (memory) before anything is computed, (interrupted) after a signal.
template <class T>
[[nodiscard]] AdaptiveSamples<T> adaptive_sample(Target const& target, std::string_view sampler,
                                                 Sde const& sde, Span span,
                                                 AdaptiveOptions<T> const& options);
/// The same with an error planted in the score.
template <class T>
[[nodiscard]] AdaptiveSamples<T> adaptive_sample(SpoiledTarget const& target,
                                                 std::string_view sampler, Sde const& sde,
                                                 Span span, AdaptiveOptions<T> const& options);
/// The same with a score network, guided or not (an evaluation is then two of the network); on the
/// host, in double, from or to alpha = 0 or sigma = 0, where its prediction must give the flow.
template <class T>
[[nodiscard]] AdaptiveSamples<T> adaptive_sample(Network const& network, std::string_view sampler,
                                                 Sde const& sde, Span span,
                                                 AdaptiveOptions<T> const& options);
template <class T>
[[nodiscard]] AdaptiveSamples<T> adaptive_sample(GuidedNetwork const& network,
                                                 std::string_view sampler, Sde const& sde,
                                                 Span span, AdaptiveOptions<T> const& options);

/// The same with any model on the host, in double.
template <class T>
[[nodiscard]] AdaptiveSamples<T> adaptive_sample(HostModel const& model, std::string_view sampler,
                                                 Sde const& sde, Span span,
                                                 AdaptiveOptions<T> const& options);

}  // namespace retrace
