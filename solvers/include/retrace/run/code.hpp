// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/models/tile_model.hpp>
#include <retrace/trace/allocate.hpp>

#include <array>
#include <cstdint>
#include <vector>

namespace retrace {

/// An instruction as kernels read it: register numbers and numbers in the precision of the run.
template <class T>
struct Code {
  static constexpr std::uint16_t unused = 0xffff;

  struct Eval {
    std::uint16_t result, input;
    Evaluation<T> evaluation;
  };
  struct Linear {
    std::uint16_t result;
    std::uint16_t operand[max_operands];
    T factor[max_operands];
  };
  struct Normal {
    std::uint16_t result[max_draws];  ///< `unused` where a draw of the block is not needed
    std::uint32_t low, high;          ///< counter words of the block (core/draw.hpp)
    std::int32_t ordinal[max_draws];  ///< rows of noise given by the caller
  };

  Op op;
  std::uint8_t operands;
  union {
    Eval eval;
    Linear linear;
    Normal normal;
  };
};

/// Lowers allocated instructions for samples of `dimension` numbers. Throws Error (argument) for
/// programs that need more registers, draws or levels than Code can name.
template <class T>
[[nodiscard]] std::vector<Code<T>> lower(Allocation const& allocation, std::int64_t dimension);

}  // namespace retrace
