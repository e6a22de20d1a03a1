// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/divergence.hpp>
#include <retrace/likelihood/encoded.hpp>
#include <retrace/odeint/steppers.hpp>
#include <retrace/sde/grid_rule.hpp>

#include <cstdint>
#include <span>

namespace retrace {

/// Whether steps are chosen so that the integrals of the divergence keep the tolerance too, each of
/// them, or the states alone.
enum class VolumeError { controlled, free };

struct EncodeOptions {
  Tolerance tolerance = {};  ///< of x / sqrt(alpha^2 + sigma^2), and of the integrals in nats
  VolumeError volume_error = VolumeError::controlled;
  std::int64_t max_evaluations = 100'000;  ///< for each point
  std::uint64_t first_sample = 0;          ///< row 0 is sample number first_sample of the counter
  int kept_steps = 0;  ///< how many of a point's steps Encoded::angles keeps; in kernels
};

/// Carries points [n][d], row-major, along the probability flow from the data's end of the span to
/// the noise's, by default from the last level of deterministic samplers to the SDE's largest t, or
/// the other way round where the span says so: then z are samples and the change is that of the way
/// back. `Encoded::change` holds an integral for each estimate of the divergence.
///
/// Integrated is z = x / s over the angle (odeint/flow.hpp), to which the growth of s adds
/// d log(s_to / s_from); |e|^2 in place of d where a probe e estimates the divergence.
///
/// Points go to the threads of oneTBB; each has steps of its own, so the result depends neither on
/// the threads nor on the other points, bitwise. `evaluations` counts the states at which the model
/// was asked. Needs a Runtime. Throws Error (argument) for points that are not [n][d] or not
/// finite, naming the row, before the model is called, for bad tolerances and ends, also those with
/// alpha = 0 or sigma = 0 where the prediction does not give the flow, where the estimator does not
/// fit, and for a stepper that cannot control the error of integrals where they are to be; (memory)
/// before anything is computed; (interrupted) after a signal. What the model throws comes through,
/// from whatever thread.
[[nodiscard]] Encoded encode(HostModel const& model, Sde const& sde, OdeStepper const& stepper,
                             Span span, std::span<double const> points,
                             DivergenceEstimator const& divergence,
                             EncodeOptions const& options = {});

}  // namespace retrace
