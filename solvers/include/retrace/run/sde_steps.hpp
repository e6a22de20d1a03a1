// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/odeint/flow.hpp>
#include <retrace/run/adaptive_result.hpp>
#include <retrace/run/adaptive_sample.hpp>

#include <cstdint>
#include <functional>
#include <span>

namespace retrace {

/// The increment of one sample's Brownian path between two nodes of its clock (PathClock), as unit
/// normals, one for each component. Asked again it gives the same; `from` never falls.
using PathIncrement = std::function<void(std::int64_t from, std::int64_t to, std::span<double> w)>;

/// How an integration went.
struct SdeIntegrated {
  Outcome outcome = Outcome::done;
  NoiseLevel level;  ///< reached
  std::int64_t evaluations = 0, steps = 0, rejections = 0;
};

/// Takes x from one level to another along the reverse-time SDE, by the method of
/// samplers/adaptive_sde.hpp with steps as long as the tolerance of its estimate allows, which is
/// measured in units of sqrt(alpha^2 + sigma^2); no longer than 1/8 in lambda, and no tolerance is
/// looser than 1/40, since beyond that the estimate says little. It is of Euler's step and falls as
/// the power 3/2 of the step, so that small tolerances are expensive. Which step is tried next
/// depends on the path before its end only. A rejected step is tried again on the same path: a new
/// draw for it would keep the increments that are easy and change the law. Values that are not
/// finite are rejected. Ends of steps lie on few bits of the clock, so that a path is cheap to
/// read.
[[nodiscard]] SdeIntegrated integrate_sde(HostModel const& model, Sde const& sde,
                                          NoiseLevel const& from, NoiseLevel const& to,
                                          PathIncrement const& path, std::span<double> x,
                                          Tolerance const& tolerance, std::int64_t max_evaluations);

/// Every sample on its own Brownian path, the one that other samplers follow with Draws::path. On
/// the threads of oneTBB, in double; the result depends neither on them nor on other samples.
/// Throws Error (argument) where a level of the span has no lambda or lies beyond the path;
/// otherwise as odeint_sample().
[[nodiscard]] AdaptiveSamples<double> sde_sample(HostModel const& model, Sde const& sde, Span span,
                                                 Start<double> const& start,
                                                 AdaptiveOptions<double> const& options);

}  // namespace retrace
