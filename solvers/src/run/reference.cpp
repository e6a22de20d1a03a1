// SPDX-License-Identifier: Apache-2.0
#include <retrace/core/draw.hpp>
#include <retrace/run/reference.hpp>

#include <algorithm>
#include <cassert>
#include <vector>

namespace retrace {

void reference(Program const& program, PointModel const& model, std::uint64_t seed,
               std::uint64_t sample, std::span<double> x, std::span<double const> noise) {
  assert(program.inputs == 1 && program.outputs.size() == 1);
  std::size_t const d = x.size();
  std::vector<std::vector<double>> values(static_cast<std::size_t>(program.values),
                                          std::vector<double>(d));
  auto const value = [&](int i) -> std::vector<double>& {
    return values[static_cast<std::size_t>(i)];
  };
  std::copy(x.begin(), x.end(), value(0).begin());
  for (Instruction const& i : program.code) {
    std::vector<double>& result = value(i.result[0]);
    switch (i.op) {
      case Op::eval: {
        std::vector<double> const& input = value(i.operand[0].value);
        model(input, program.levels[static_cast<std::size_t>(i.level)], result);
        for (std::size_t c = 0; c < d; ++c) result[c] = i.skip * input[c] + i.out * result[c];
        break;
      }
      case Op::linear:
        for (Term const& term : i.terms())
          for (std::size_t c = 0; c < d; ++c) result[c] += term.factor * value(term.value)[c];
        break;
      case Op::normal:
        if (noise.empty()) {
          std::vector<float> z(d);
          draw_normals(seed, sample, i.purpose, i.draw, z);
          std::copy(z.begin(), z.end(), result.begin());
        } else {
          auto const given = noise.subspan(static_cast<std::size_t>(i.ordinals[0]) * d, d);
          std::copy(given.begin(), given.end(), result.begin());
        }
        break;
    }
  }
  std::copy(value(program.outputs[0]).begin(), value(program.outputs[0]).end(), x.begin());
}

}  // namespace retrace
