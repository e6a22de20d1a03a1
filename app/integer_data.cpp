// SPDX-License-Identifier: Apache-2.0
#include "integer_data.hpp"

#include "table.hpp"

#include <retrace/core/error.hpp>
#include <retrace/core/memory.hpp>
#include <retrace/core/shortest.hpp>
#include <retrace/likelihood/log_likelihood.hpp>

#include <cstddef>
#include <limits>
#include <numeric>
#include <string_view>

namespace retrace::app {
namespace {

std::string_view name(IntegerData::Bound bound) {
  return bound == IntegerData::Bound::mean ? "mean" : "importance-weighted";
}

/// Bits per dimension that come of the scale alone.
double offset_of(IntegerData const& integers) {
  return -bits_per_dimension(integers.how.offset(1), 1);
}

}  // namespace

std::optional<IntegerData> integer_data_of(Given const& integers, Given const& draws,
                                           Given const& scale, IntegerData::Bound bound) {
  if (!integers) {
    for (Given const* option : {&draws, &scale})
      if (*option)
        throw Error(Fault::argument, "--integers is missing", option->name() + " is for it");
    return {};
  }
  constexpr std::int64_t most_bits = 16, most_draws = 1 << 20;
  IntegerData found{.how = {.bits = static_cast<int>(integers.integer(1, most_bits))},
                    .draws = draws ? static_cast<int>(draws.integer(1, most_draws)) : 1,
                    .bound = bound};
  if (scale) {
    std::vector<double> const ends = scale.reals({});
    if (ends.size() != 2)
      throw Error(Fault::argument, "--scale has " + std::to_string(ends.size()) + " numbers",
                  "it takes two, the least and the largest value of the data",
                  "for example --scale 0,1");
    found.how.low = ends[0];
    found.how.high = ends[1];
  }
  found.how.check();
  return found;
}

NpyArray dequantised_points(Given const& points, NpyArray const& data, IntegerData const& integers,
                            std::uint64_t seed) {
  std::int64_t const rows =
      data.rows * integers.draws;  // the file is in memory, at most 2^20 draws
  require_memory(
      std::to_string(data.rows) + " points, drawn " + std::to_string(integers.draws) + " times",
      saturated_product({data.rows, integers.draws, data.columns, std::int64_t{sizeof(double)}}));
  try {
    return {dequantised(integers.how, data.values, static_cast<int>(data.columns), integers.draws,
                        seed),
            rows, data.columns};
  } catch (Error const& error) {
    throw Error(error.fault(), "--points " + retrace::quoted(points.text()), error.what());
  }
}

std::vector<double> log_probabilities(std::span<double const> logp, IntegerData const& integers,
                                      int dimension) {
  auto const each = static_cast<std::size_t>(integers.draws);
  std::vector<double> found;
  for (std::size_t first = 0; first < logp.size(); first += each) {
    auto const some = logp.subspan(first, each);
    double const bound = integers.bound == IntegerData::Bound::mean
                             ? std::accumulate(some.begin(), some.end(), 0.0) / integers.draws
                             : log_mean_exp(some);
    found.push_back(bound + integers.how.offset(dimension));
  }
  return found;
}

Json json_of(IntegerData const& integers) {
  return {{"bits", integers.how.bits},
          {"scale", {integers.how.low, integers.how.high}},
          {"draws", integers.draws},
          {"bound", name(integers.bound)},
          {"offset_bits_per_dimension", offset_of(integers)}};
}

std::string text_of(IntegerData const& integers) {
  return std::to_string(integers.how.bits) + " bits on [" + shortest(integers.how.low) + ", " +
         shortest(integers.how.high) + "], offset " + short_number(offset_of(integers), 6) +
         " bits per dimension in it; " +
         (integers.draws == 1 ? "one draw of uniform noise"
                              : std::string(name(integers.bound)) + " bound of " +
                                    std::to_string(integers.draws) + " draws of uniform noise");
}

}  // namespace retrace::app
