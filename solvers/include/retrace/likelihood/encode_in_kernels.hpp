// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/encode.hpp>
#include <retrace/nn/network.hpp>
#include <retrace/run/adaptive_sample.hpp>
#include <retrace/run/executor.hpp>
#include <retrace/run/step_program.hpp>
#include <retrace/sde/grid.hpp>
#include <retrace/targets/target.hpp>
#include <retrace/trace/trace.hpp>

#include <cstdint>
#include <memory>
#include <span>

namespace retrace {

/// Carries points, [n][d], row-major, to noise, in the arithmetic of the executor, by a sampler's
/// own program, unchanged, on a grid that rises from data to noise. `executor` has the volume as
/// its last component (volume_executor()). Throws Error (argument) for samplers that draw noise,
/// grids that fall or reach alpha = 0 and points that are not finite, (numerics) naming the point
/// whose end is not finite.
template <class T>
[[nodiscard]] Encoded encode(Executor<T>& executor, AnySampler const& sampler, Grid const& grid,
                             std::span<double const> points, std::uint64_t first_sample = 0);

/// Carries points to noise by a step program, each with steps of its own. `executor` has the volume
/// as its last component (adaptive_volume_executor()). Throws Error as adaptive_sample(),
/// (argument) for points that are not finite.
template <class T>
[[nodiscard]] Encoded encode(AdaptiveExecutor<T>& executor, StepProgram const& step, Sde const& sde,
                             Span span, std::span<double const> points,
                             EncodeOptions const& options = {});

/// The executors of a mixture with its volume, from the compiled library.
template <class T>
[[nodiscard]] std::unique_ptr<Executor<T>> volume_executor(Mixture const& mixture);
template <class T>
[[nodiscard]] std::unique_ptr<AdaptiveExecutor<T>> adaptive_volume_executor(Mixture const& mixture);
/// Those of a network; the adaptive one for a span of a process (adaptive_executor()).
template <class T>
[[nodiscard]] std::unique_ptr<Executor<T>> volume_executor(Network const& network);
template <class T>
[[nodiscard]] std::unique_ptr<AdaptiveExecutor<T>> adaptive_volume_executor(Network const& network,
                                                                            Sde const& sde,
                                                                            Span span);

}  // namespace retrace
