// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/nn/network.hpp>

#include <span>
#include <vector>

namespace retrace {

/// Throws Error (argument), naming both numbers, where a condition is not [m] of an architecture,
/// or not finite.
void check_condition(Architecture const& architecture, std::span<double const> condition);

/// y of a class, one-hot; of `no_class` all 0. Throws Error (argument) for an architecture that is
/// not conditioned on classes, and for one that it does not have.
inline constexpr int no_class = -1;
[[nodiscard]] std::vector<double> class_condition(Architecture const& architecture,
                                                  std::int64_t number);

/// The network at a condition y: one without conditions, with c_i y added to its biases (in double,
/// rounded once), so that nothing that uses it needs to know. Throws as check_condition().
[[nodiscard]] Network conditioned(Network const& network, std::span<double const> condition);

}  // namespace retrace
