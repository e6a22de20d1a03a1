// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/sde/grid.hpp>
#include <retrace/targets/target.hpp>

#include <cstdint>
#include <functional>

namespace retrace {

/// Fills x with the states that samples first, first + 1, ... start from. A pure function of the
/// numbers of the samples, so that runs can be split and repeated.
template <class T>
using Start = std::function<void(std::uint64_t first, Batch<T> x)>;

/// The states that samples first, first + 1, .. first + n - 1 start from, on the host.
template <class T>
[[nodiscard]] HostArray<T> start_states(Start<T> const& start, std::uint64_t first, std::int64_t n,
                                        int dimension);

/// Draws of N(0, sigma^2 I), purpose `start`.
template <class T>
[[nodiscard]] Start<T> gaussian_start(double sigma, std::uint64_t seed);

/// Exact draws of a target's p_t, purpose `data`.
template <class T>
[[nodiscard]] Start<T> exact_start(Target const& target, NoiseLevel const& level,
                                   std::uint64_t seed);

/// Given states; row 0 belongs to sample `first_sample`. Throws Error (argument) for a row that is
/// not finite.
template <class T>
[[nodiscard]] Start<T> given_start(HostArray<T const> states, std::uint64_t first_sample);

/// Where a run on this grid starts: the prior at the SDE's largest t. Below it a model knows p_t
/// only where the data no longer matter: N(0, sigma^2 I) on `ve` and `edm`; elsewhere it throws
/// Error (argument), naming --init.
template <class T>
[[nodiscard]] Start<T> default_start(Grid const& grid, std::uint64_t seed);

/// The same for a target, whose p_t is known at every level.
template <class T>
[[nodiscard]] Start<T> default_start(Target const& target, Grid const& grid, std::uint64_t seed);

}  // namespace retrace
