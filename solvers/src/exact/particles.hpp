// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/exact/point_law.hpp>
#include <retrace/trace/program.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace retrace {

/// Weighted points on their way through a program (see point_law()).
class Particles {
 public:
  /// From the exact law of `level`.
  Particles(Program const& program, NormalMixture const& data, NoiseLevel const& level);

  void run();
  [[nodiscard]] PointLaw result() const;

 private:
  using Row = std::vector<double>;  // a value, [particle]

  [[nodiscard]] Row& value(int v) { return values_[static_cast<std::size_t>(v)]; }
  [[nodiscard]] Row answer(Instruction const& eval, Row const& x) const;
  void split(int draw);
  void combine(Instruction const& linear);
  /// Replaces the particles by few where the state just made is all that goes on, past answers of
  /// the model apart.
  void thin_after(std::size_t instruction);
  void thin(int state, std::span<Instruction const* const> answers);

  Program const& program_;
  NormalMixture const& data_;
  std::vector<std::size_t> last_use_;       // of a value: an instruction
  std::vector<Instruction const*> makers_;  // of a value; none of the start
  std::vector<Row> values_;                 // empty unless in use; draws from their first use on
  Row weights_;
};

}  // namespace retrace
