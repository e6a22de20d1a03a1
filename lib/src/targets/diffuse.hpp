// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>

#include <cstdint>
#include <span>

namespace retrace {

/// x becomes alpha x + sigma z, z the normals of purpose `data` and key {0, 2}: how every kind of
/// target goes from a draw of the data to one of p_t.
void diffuse(NoiseLevel const& level, std::uint64_t seed, std::int64_t sample, std::span<double> x);

}  // namespace retrace
