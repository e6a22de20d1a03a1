// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "subject.hpp"

#include <retrace/core/noise_level.hpp>
#include <retrace/models/score_error.hpp>

#include <cstdint>
#include <vector>

namespace retrace::app {

/// Where to score: [rows][dimension].
struct Points {
  std::vector<double> values;
  std::int64_t rows = 0;
};

/// [rows][dimension] and [rows]; a model has no log density, a module of many dimensions no
/// divergence.
struct Scores {
  std::vector<double> score, divergence, denoised, logp;
};

/// In double, all of a target exact, of a model its own. Throws Error (argument) at levels where
/// the prediction of a model does not give score and denoised state.
[[nodiscard]] Scores scores_at(Subject const& subject, NoiseLevel const& level,
                               Points const& points);

/// The same with an error planted in the score. What is left is the score of no density, so log
/// densities are not touched.
void spoil(Scores& scores, ScoreError const& error, NoiseLevel const& level, Points const& points,
           int dimension);

/// P5: no silent NaN. Points can lie so far out that their log density overflows.
void require_finite(Scores const& scores, std::size_t dimension);

}  // namespace retrace::app
