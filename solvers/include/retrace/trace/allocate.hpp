// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/trace/program.hpp>

#include <vector>

namespace retrace {

/// A Program on registers: operands and results of its instructions are register numbers; draws
/// that share a block of the counter are one instruction. Registers 0 .. inputs - 1 hold the inputs
/// at the start.
struct Allocation {
  std::vector<Instruction> code;
  int registers = 0;
  std::vector<int> outputs;
};

/// Maps values to registers by liveness. Every instruction may work in place. `dimension` decides
/// which draws share a block (core/draw.hpp).
[[nodiscard]] Allocation allocate(Program const& program, std::int64_t dimension);

}  // namespace retrace
