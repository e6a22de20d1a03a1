// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/tableaus.hpp>
#include <retrace/trace/program.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace retrace {

/// One step of an embedded pair as a program, whose length every lane chooses for itself: model
/// evaluation i is h f at the angle phi + c_i h. Inputs: the state z; with `hands_on` also h times
/// the slope there. Outputs: the state after the step, the error estimate, z as it was; with
/// `hands_on` also the slope after the step, which evaluation `slope` gives without h and which
/// lacks in the estimate: slope_error h times it.
struct StepProgram {
  Program program;
  std::vector<double> c;
  bool hands_on = false;  ///< first same as last
  int slope = -1;
  double slope_error = 0;
  int error_order = 0;
  /// Evaluations, bit i for number i, that enter neither the state after the step nor the error but
  /// through later ones: an integral along the step does without them.
  std::uint32_t unweighted = 0;

  [[nodiscard]] int evaluations() const { return static_cast<int>(c.size()); }
};

namespace detail {

/// Appends `result = sum of terms`, in as many instructions as it takes.
inline int append_sum(Program& program, std::vector<Term> terms) {
  std::erase_if(terms, [](Term const& term) { return term.factor == 0; });
  std::span<Term const> rest(terms);
  int sum = -1;
  while (!rest.empty()) {
    Instruction linear{.op = Op::linear};
    if (sum >= 0) linear.operand[static_cast<std::size_t>(linear.operands++)] = {sum, 1};
    while (linear.operands < max_operands && !rest.empty()) {
      linear.operand[static_cast<std::size_t>(linear.operands++)] = rest.front();
      rest = rest.subspan(1);
    }
    sum = linear.result[0] = program.values++;
    program.code.push_back(linear);
  }
  return sum;
}

inline int append_evaluation(Program& program, int input, int number) {
  Instruction eval{.op = Op::eval, .operands = 1};
  eval.operand[0] = {input, 1};
  eval.level = number;
  eval.result[0] = program.values++;
  program.code.push_back(eval);
  return eval.result[0];
}

}  // namespace detail

template <std::size_t Stages>
[[nodiscard]] StepProgram step_program(Tableau<Stages> const& method) {
  StepProgram step;
  step.hands_on = method.last_is_next_first();
  step.error_order = std::min(method.order, method.order_hat);
  Program& program = step.program;
  program.inputs = program.values = step.hands_on ? 2 : 1;
  std::vector<int> k;
  int state = 0;
  auto const combined = [&](auto const& weights, std::vector<Term> terms) {
    for (std::size_t j = 0; j < k.size(); ++j) terms.push_back({k[j], weights[j]});
    return detail::append_sum(program, std::move(terms));
  };
  for (std::size_t i = 0; i < Stages; ++i) {
    state = i == 0 ? 0 : combined(method.a[i], {{0, 1}});
    if (step.hands_on && i == 0) {
      k.push_back(1);
      continue;
    }
    if (method.b[i] == 0 && method.b_hat[i] == 0)
      step.unweighted |= std::uint32_t{1} << step.evaluations();
    k.push_back(detail::append_evaluation(program, state, step.evaluations()));
    step.c.push_back(method.c[i]);
  }
  typename Tableau<Stages>::Row error;
  for (std::size_t j = 0; j < Stages; ++j) error[j] = method.b[j] - method.b_hat[j];
  if (step.hands_on) {
    int const slope = k.back();
    k.pop_back();
    step.slope = step.evaluations() - 1;
    step.slope_error = error[Stages - 1];
    program.outputs = {state, combined(error, {}), 0, slope};
  } else {
    int const end = combined(method.b, {{0, 1}});
    program.outputs = {end, combined(error, {}), 0};
  }
  return step;
}

}  // namespace retrace
