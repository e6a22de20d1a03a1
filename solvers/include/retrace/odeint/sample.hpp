// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/odeint/flow.hpp>
#include <retrace/odeint/steppers.hpp>
#include <retrace/run/adaptive_result.hpp>
#include <retrace/run/start.hpp>
#include <retrace/sde/grid_rule.hpp>

#include <cstdint>

namespace retrace {

struct OdeintOptions {
  std::int64_t samples = 0;
  std::uint64_t seed = 0;          ///< of the start; reported
  std::uint64_t first_sample = 0;  ///< run [a, a + n) gives rows a .. a + n - 1 of any longer run
  Tolerance tolerance = {};        ///< of x / sqrt(alpha^2 + sigma^2)
  std::int64_t max_evaluations = 100'000;  ///< for each sample
};

/// Solves the probability-flow ODE of a model for each sample by itself, over a span of t in either
/// direction. Samples go to the threads of oneTBB; each has steps of its own, so the result depends
/// neither on the threads nor on the other samples, bitwise. Throws Error (argument) for bad
/// tolerances and ends, also those with alpha = 0 or sigma = 0 where the prediction does not give
/// the flow; (memory) before anything is computed; (interrupted) after a signal. What the model
/// throws comes through, from whatever thread.
[[nodiscard]] AdaptiveSamples<double> odeint_sample(HostModel const& model, Sde const& sde,
                                                    OdeStepper const& stepper, Span span,
                                                    Start<double> const& start,
                                                    OdeintOptions const& options);

/// Of a target, from its p_t at the first level (as default_start()).
[[nodiscard]] AdaptiveSamples<double> odeint_sample(Target const& target, Sde const& sde,
                                                    OdeStepper const& stepper, Span span,
                                                    OdeintOptions const& options);

}  // namespace retrace
