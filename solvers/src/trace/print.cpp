// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/shortest.hpp>
#include <retrace/trace/allocate.hpp>
#include <retrace/trace/program.hpp>

#include <array>
#include <ostream>
#include <string>

namespace retrace {
namespace {

std::string value(int number) { return "v" + std::to_string(number); }

char const* name(Prediction p) {
  constexpr std::array names{"noise", "denoised", "score", "velocity", "flow"};
  return names[static_cast<std::size_t>(p)];
}

void print(std::ostream& out, Instruction const& i, Program const& program) {
  out << value(i.result[0]) << " =";
  switch (i.op) {
    case Op::eval: {
      NoiseLevel const& s = program.levels[static_cast<std::size_t>(i.level)];
      out << ' ' << shortest(i.skip) << ' ' << value(i.operand[0].value) << " + " << shortest(i.out)
          << ' ' << name(program.native) << '(' << value(i.operand[0].value)
          << ", t = " << shortest(s.t());
      if (i.condition != 0) out << ", condition " << i.condition;
      out << ')';
      break;
    }
    case Op::linear: {
      char const* plus = " ";
      for (Term const& term : i.terms()) {
        out << plus << shortest(term.factor) << ' ' << value(term.value);
        plus = " + ";
      }
      break;
    }
    case Op::normal:
      out << (i.purpose == Purpose::path ? " path(" : " normal(step ") << i.draw.step << ", "
          << i.draw.k << "), draw " << i.ordinals[0];
      break;
  }
  out << '\n';
}

}  // namespace

std::ostream& operator<<(std::ostream& out, Program const& program) {
  out << "inputs: " << program.inputs << '\n';
  for (Instruction const& i : program.code) print(out, i, program);
  out << "outputs:";
  for (int const output : program.outputs) out << ' ' << value(output);
  return out << "\nevaluations: " << program.evaluations() << ", draws: " << program.draws
             << ", registers: " << allocate(program, 3).registers << '\n';
}

}  // namespace retrace
