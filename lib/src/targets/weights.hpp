// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace retrace {

// What kinds of mixtures say of numbers that they refuse.
[[noreturn]] void refuse(std::string const& problem, std::string const& reason);
[[nodiscard]] std::string number_text(double value);
[[nodiscard]] std::string entry(char const* array, std::size_t i);
[[nodiscard]] std::string entry(char const* array, std::size_t i, std::size_t j);

/// Throws Error (argument) unless they are positive, finite and sum to 1 within 1e-9.
void check_weights(std::vector<double> const& weights);

/// Checked weights, divided by their sum.
struct Weights {
  Weights() = default;
  explicit Weights(std::vector<double> checked);

  /// The component that a uniform number on (0, 1) stands for.
  [[nodiscard]] std::size_t chosen_by(double u) const;

  std::vector<double> values, cumulative;  // cumulative[i]: weights 0..i
};

}  // namespace retrace
