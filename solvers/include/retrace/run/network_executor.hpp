// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/network.hpp>
#include <retrace/run/executor.hpp>

#include <memory>

namespace retrace {

/// Samples that a tile of a network holds: whole groups of three packs in every instruction set.
inline constexpr int network_lanes = 96;

/// The fused executor of a network, from the compiled library. Throws Error (numerics) for
/// parameters that are not finite.
template <class T>
[[nodiscard]] std::unique_ptr<Executor<T>> network_executor(Network const& network);

}  // namespace retrace
