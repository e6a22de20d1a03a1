// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/draw.hpp>
#include <retrace/core/noise_level.hpp>
#include <retrace/core/prediction.hpp>

#include <array>
#include <cstdint>
#include <iosfwd>
#include <limits>
#include <span>
#include <vector>

namespace retrace {

/// What an instruction does. Values are vectors of the samples' dimension.
enum class Op : std::uint8_t {
  eval,    ///< v = skip u + out m(u), m the model's native prediction at a level
  linear,  ///< v = sum of at most six multiples of values
  normal,  ///< v = a standard normal, named by its purpose and draw key
};

/// A multiple of a value (before allocation) or register (after it).
struct Term {
  int value;
  double factor;
};

inline constexpr int max_operands = 6;
inline constexpr int max_draws = 4;  ///< normals that one block of the counter gives

/// The part of the Brownian path (core/brownian_tree.hpp) that a normal stands for: its unit
/// increment, or its unit space-time area, between two lambda. NaN where it has no place there.
struct PathInterval {
  enum class Part { increment, area } part = Part::increment;
  double from = std::numeric_limits<double>::quiet_NaN(), to = from;  ///< lambda
};

struct Instruction {
  Op op{};
  int operands = 0;
  std::array<Term, max_operands> operand{};
  /// The result. After allocation a normal has one destination for each draw of its block, -1 where
  /// one is not used.
  std::array<int, max_draws> result{-1, -1, -1, -1};
  int level = -1;                   ///< eval: index into Program::levels
  int condition = 0;                ///< eval
  double skip = 0, out = 1;         ///< eval
  DrawKey draw{};                   ///< normal; after allocation of the block's first draw
  Purpose purpose = Purpose::step;  ///< normal
  PathInterval interval{};          ///< normal of purpose `step`: what it stands for
  /// normal: number of each draw among all of the run, by (step, k) ascending.
  std::array<std::int64_t, max_draws> ordinals{-1, -1, -1, -1};

  [[nodiscard]] std::span<Term const> terms() const {
    return {operand.data(), static_cast<std::size_t>(operands)};
  }
  [[nodiscard]] std::span<Term> terms() {
    return {operand.data(), static_cast<std::size_t>(operands)};
  }
};

/// A sampler on one grid, traced: a list of instructions in single assignment form, in an order
/// that depends on the data flow alone, so that every compiler makes the same one. Long runs come
/// as several programs (segments); the outputs of one are the inputs of the next.
struct Program {
  Prediction native{};             ///< what the model returns
  std::vector<Instruction> code;   ///< results are numbered; inputs have the first numbers
  std::vector<NoiseLevel> levels;  ///< one for each evaluation, in order
  int inputs = 1;                  ///< values 0 .. inputs - 1 are given
  int values = 1;                  ///< numbers in use
  std::vector<int>
      outputs;  ///< the result; in a segment that is not the last, what the next one needs
  std::int64_t draws = 0;  ///< normals drawn
  enum class Part { last, more } part = Part::last;

  [[nodiscard]] std::int64_t evaluations() const {
    return static_cast<std::int64_t>(levels.size());
  }
};

/// Levels, coefficients and draws, an instruction a line, then registers and counts; numbers round
/// trip.
std::ostream& operator<<(std::ostream& out, Program const& program);

}  // namespace retrace
