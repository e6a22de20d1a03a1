// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/bf16_network.hpp>
#include <retrace/nn/guided.hpp>
#include <retrace/nn/network.hpp>
#include <retrace/nn/network_angle_source.hpp>
#include <retrace/run/adaptive_executor.hpp>
#include <retrace/run/executor.hpp>
#include <retrace/sde/grid_rule.hpp>

#include <memory>

namespace retrace {

/// Samples that a tile of a network holds: whole groups of three packs in every instruction set.
inline constexpr int network_lanes = 96;
/// The same where samples have steps of their own, and lanes that run dry cost as much as others.
inline constexpr int network_adaptive_lanes = 48;

/// The fused executor of a network, from the compiled library. Throws Error (numerics) for
/// parameters that are not finite.
template <class T>
[[nodiscard]] std::unique_ptr<Executor<T>> network_executor(Network const& network);
template <class T>
[[nodiscard]] std::unique_ptr<Executor<T>> network_executor(GuidedNetwork const& network);

/// The same with hidden layers in bf16.
[[nodiscard]] std::unique_ptr<Executor<float>> network_executor(Bf16Network const& network);

/// Whether kernels can take a network from one end of a span to the other, steps adapted: where it
/// has a lambda at both. Throws Error as ends_of().
[[nodiscard]] bool runs_adaptively_in_kernels(Sde const& sde, Span span);

/// The angles of such a span. Throws Error (argument) where an end has no lambda.
[[nodiscard]] NetworkAngleSource network_angle_source(Network const& network, Sde const& sde,
                                                      Span span);

/// The adaptive executor of a network on a span of a process, from the compiled library: for runs
/// from one end to the other, either way. Throws Error as above, and (numerics) for parameters that
/// are not finite.
template <class T>
[[nodiscard]] std::unique_ptr<AdaptiveExecutor<T>> adaptive_executor(Network const& network,
                                                                     Sde const& sde, Span span);
template <class T>
[[nodiscard]] std::unique_ptr<AdaptiveExecutor<T>> adaptive_executor(GuidedNetwork const& network,
                                                                     Sde const& sde, Span span);

}  // namespace retrace
