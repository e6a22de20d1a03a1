// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "choices.hpp"
#include "subject.hpp"

#include <retrace/metrics/projected_distances.hpp>
#include <retrace/targets/target.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace retrace::app {

/// One run to compare: the most steps that the evaluations pay for.
struct Contest {
  ChosenSampler sampler;
  ChosenGrid grid;
  std::int64_t evaluations = 0;       ///< that may be used
  std::int64_t evaluations_used = 0;  ///< counted by tracing
};

/// Throws Error (argument) where not even one step can be paid for, or where the sampler, the SDE
/// and the grid do not go together.
[[nodiscard]] Contest make_contest(ChosenSampler const& sampler, Sde const& sde,
                                   std::optional<std::string> const& rule, Span span,
                                   std::int64_t evaluations);

/// The first points of a sample, for pictures: [n][dimension], of at most two coordinates.
struct Cloud {
  int dimension = 2;
  std::vector<double> points;
};

/// What samplers run on: the target's exact score, or with the error planted in it, and where there
/// is one the model as well.
struct Contenders {
  Target target;
  std::optional<ScoreError> error = {};
  std::optional<Subject> model = {};  ///< no target

  [[nodiscard]] std::int64_t runs() const { return model ? 2 : 1; }
};

struct Row {
  std::string sampler;  ///< the model's rows say so
  std::string score;    ///< `exact`, `spoiled` or `model`
  std::int64_t evaluations = 0, evaluations_used = 0, steps = 0;
  std::string grid;
  ProjectedDistances distances{};  ///< to exact draws; NaN where samples are not finite
  std::int64_t nonfinite = 0;
  double seconds = 0;
  Cloud cloud;
};

struct Comparison {
  std::vector<Row> rows;
  ProjectedDistances floor{};  ///< exact draws against other exact draws
  Cloud exact;
};

/// Throws Error (memory) where so many samples do not fit.
void require_room(Target const& target, std::int64_t samples);

/// Runs every contest on all contenders, in float with samples 0 .. n - 1 of the seed, and measures
/// the distances to exact draws n .. 2n - 1; the floor is from these to draws 2n .. 3n - 1. No
/// number is used twice, so runs that start from exact draws of p_t are independent of the draws
/// they are compared with.
[[nodiscard]] Comparison compare(Contenders const& contenders, std::vector<Contest> const& contests,
                                 std::int64_t samples, std::uint64_t seed,
                                 std::function<void(std::int64_t done)> const& progress);

}  // namespace retrace::app
