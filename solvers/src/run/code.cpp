// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/error.hpp>
#include <retrace/run/code.hpp>

#include <limits>

namespace retrace {
namespace {

template <class Small, class Large>
Small narrow(Large value, char const* what) {
  if (value < 0 || value >= std::numeric_limits<Small>::max())
    throw Error(Fault::argument, std::string("the sampler needs too many ") + what,
                "a program has at most 65534 registers and 2^31 - 1 draws");
  return static_cast<Small>(value);
}

template <class T>
Code<T> lowered(Instruction const& i, std::int64_t dimension) {
  auto const reg = [](int number) { return narrow<std::uint16_t>(number, "registers"); };
  Code<T> code{};
  code.op = i.op;
  code.operands = static_cast<std::uint8_t>(i.operands);
  switch (i.op) {
    case Op::eval:
      code.eval = {.result = reg(i.result[0]),
                   .input = reg(i.operand[0].value),
                   .evaluation = {.level = i.level,
                                  .condition = i.condition,
                                  .skip = static_cast<T>(i.skip),
                                  .out = static_cast<T>(i.out)}};
      break;
    case Op::linear:
      code.linear = {};
      code.linear.result = reg(i.result[0]);
      for (std::size_t j = 0; j < i.terms().size(); ++j) {
        code.linear.operand[j] = reg(i.operand[j].value);
        code.linear.factor[j] = static_cast<T>(i.operand[j].factor);
      }
      break;
    case Op::normal: {
      DrawBlock const block = DrawBlock::of(i.purpose, i.draw, dimension);
      code.normal = {};
      code.normal.low = block.low;
      code.normal.high = block.high;
      for (std::size_t j = 0; j < max_draws; ++j) {
        code.normal.result[j] = i.result[j] < 0 ? Code<T>::unused : reg(i.result[j]);
        code.normal.ordinal[j] =
            i.result[j] < 0 ? -1 : narrow<std::int32_t>(i.ordinals[j], "draws");
      }
      break;
    }
  }
  return code;
}

}  // namespace

template <class T>
std::vector<Code<T>> lower(Allocation const& allocation, std::int64_t dimension) {
  std::vector<Code<T>> code;
  code.reserve(allocation.code.size());
  for (Instruction const& i : allocation.code) code.push_back(lowered<T>(i, dimension));
  return code;
}

template std::vector<Code<float>> lower<float>(Allocation const&, std::int64_t);
template std::vector<Code<double>> lower<double>(Allocation const&, std::int64_t);

}  // namespace retrace
