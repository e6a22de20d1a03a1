// SPDX-License-Identifier: Apache-2.0
#include "trajectories.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <vector>

namespace retrace::testing {
namespace {

enum class Begin { full, low };

/// The textbook's PEC: predict, evaluate, correct by the evaluation, keep it.
State predict_evaluate_correct(Problem const& p, Begin begin) {
  Form const form{Prediction::noise};
  auto const angle = [](NoiseLevel const& u) { return std::atan2(u.sigma(), u.alpha()); };
  constexpr std::size_t past = 4;
  State corrected = p.start, predicted = p.start;
  std::vector<NoiseLevel> levels;  // the last `past`, newest last
  std::vector<State> answers;
  bool by_formula = false;
  NoiseLevel before = p.grid.level(0);
  for (auto const [s, t, i] : p.grid.steps()) {
    levels.push_back(s);
    answers.push_back(form.model(p, predicted, s));
    corrected = by_formula
                    ? interpolated_step(p, form, angle, levels, answers, corrected, before, s)
                    : predicted;
    if (levels.size() > past) {
      levels.erase(levels.begin());
      answers.erase(answers.begin());
    }
    by_formula = begin == Begin::low || levels.size() == past;
    predicted = by_formula ? interpolated_step(p, form, angle, levels, answers, corrected, s, t)
                           : runge_kutta(p, form, 4, corrected, s, t);
    before = s;
  }
  return predicted;
}

TEST(ExpAbm5, IsTheTextbooksPredictorAndCorrectorInTheAngle) {
  for (char const* sde : sdes_with_drift) {
    Problem const p(sde);
    p.expect("exp-abm-5", predict_evaluate_correct(p, Begin::full));
    p.expect("exp-abm-5:start=low", predict_evaluate_correct(p, Begin::low));
  }
}

}  // namespace
}  // namespace retrace::testing
