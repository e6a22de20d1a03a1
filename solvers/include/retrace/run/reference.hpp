// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/trace/program.hpp>

#include <cstdint>
#include <functional>
#include <span>

namespace retrace {

/// A model at one point: writes its native prediction at x and a level to `out`.
using PointModel =
    std::function<void(std::span<double const> x, NoiseLevel const& level, std::span<double> out)>;

/// Runs a whole program on one sample in plain double loops, from and into x. Slow and obviously
/// right: the oracle of all executors. `noise` holds the draws by ordinal, [draws][d]; where it is
/// empty they come from the counter.
void reference(Program const& program, PointModel const& model, std::uint64_t seed,
               std::uint64_t sample, std::span<double> x, std::span<double const> noise = {});

}  // namespace retrace
