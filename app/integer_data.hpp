// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "arguments.hpp"
#include "json.hpp"

#include <retrace/io/npy.hpp>
#include <retrace/likelihood/dequantisation.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace retrace::app {

/// Points that are integers: how they are made continuous, and how many times each.
struct IntegerData {
  Dequantisation how;
  int draws;
  /// Of several draws the mean of log p bounds log P too, and unlike the log of the mean of p it
  /// does so where each log p is an estimate.
  enum class Bound { importance_weighted, mean } bound;
};

/// --integers, --draws and --scale. Throws Error (argument) for the last two alone.
[[nodiscard]] std::optional<IntegerData> integer_data_of(Given const& integers, Given const& draws,
                                                         Given const& scale,
                                                         IntegerData::Bound bound);

/// The integers of a file made continuous, the draws of a point side by side. Throws Error
/// (argument) naming option and row of what is no integer of the range.
[[nodiscard]] NpyArray dequantised_points(Given const& points, NpyArray const& data,
                                          IntegerData const& integers, std::uint64_t seed);

/// A lower bound of log P of every point, in nats, of log p of all draws.
[[nodiscard]] std::vector<double> log_probabilities(std::span<double const> logp,
                                                    IntegerData const& integers, int dimension);

/// What a report says of them.
[[nodiscard]] Json json_of(IntegerData const& integers);
[[nodiscard]] std::string text_of(IntegerData const& integers);

}  // namespace retrace::app
