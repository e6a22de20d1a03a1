// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/options.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/targets/target_info.hpp>

#include <cstdint>
#include <vector>

namespace retrace {

/// N(1, 0.8^2) in every coordinate: the target on which the moments of every linear sampler are
/// known exactly.
struct gaussian {
  static constexpr TargetInfo info{.name = "gaussian",
                                   .summary = "one Gaussian, mean 1 and standard deviation 0.8",
                                   .paper = "retrace"};
  static std::vector<Option<gaussian>> options() {
    return {integer_option("dimension", &gaussian::dimension, 1, 4096, "number of coordinates")};
  }
  std::int64_t dimension = 2;
  [[nodiscard]] Mixture operator()() const;
};

}  // namespace retrace
