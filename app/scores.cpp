// SPDX-License-Identifier: Apache-2.0
#include "scores.hpp"

#include "table.hpp"

#include <retrace/core/shortest.hpp>
#include <retrace/nn/host_network.hpp>
#include <retrace/run/spoiled.hpp>
#include <retrace/targets/draw_rows.hpp>
#include <retrace/trace/parameterisation.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string>

namespace retrace::app {
namespace {

constexpr int most_products = 256;

Scores room_for(Points const& points, int dimension) {
  auto const n = static_cast<std::size_t>(points.rows), d = static_cast<std::size_t>(dimension);
  return {std::vector<double>(n * d), std::vector<double>(n), std::vector<double>(n * d),
          std::vector<double>()};
}

Scores scores_of(Target const& target, NoiseLevel const& level, Points const& points) {
  auto const d = static_cast<std::size_t>(target.dimension());
  TargetAtLevel const law = target.at(level);
  Scores scores = room_for(points, target.dimension());
  scores.logp.resize(static_cast<std::size_t>(points.rows));
  parallel_rows(points.rows, [&](std::int64_t number) {
    auto const i = static_cast<std::size_t>(number);
    auto const row_of = [&](auto& values) { return std::span(values).subspan(i * d, d); };
    auto const [log_density, divergence] =
        law.evaluate(row_of(points.values), row_of(scores.score), row_of(scores.denoised));
    scores.logp[i] = log_density;
    scores.divergence[i] = divergence;
  });
  return scores;
}

/// What turns the prediction of a model into another one.
Affine conversion(Prediction native, Prediction want, NoiseLevel const& level, char const* what) {
  Affine const affine = convert(native, want, level);
  if (std::isfinite(affine.skip) && std::isfinite(affine.out)) return affine;
  throw Error(
      Fault::argument,
      std::string("the model does not say what ") + what + " is at t = " + shortest(level.t()),
      (level.alpha() == 0 ? "alpha" : "sigma") + std::string(" is 0 there"), "take another time");
}

/// Makes scores and denoised states of what a model predicts.
struct FromPrediction {
  Affine score, denoised;

  FromPrediction(Prediction native, NoiseLevel const& level)
      : score(conversion(native, Prediction::score, level, "the score")),
        denoised(conversion(native, Prediction::denoised, level, "the denoised state")) {}

  /// `found` has predictions in place of scores, and, where there are some, their divergences.
  void operator()(Points const& points, int dimension, Scores& found) const {
    for (std::size_t i = 0; i < found.score.size(); ++i) {
      double const x = points.values[i], prediction = found.score[i];
      found.score[i] = score.skip * x + score.out * prediction;
      found.denoised[i] = denoised.skip * x + denoised.out * prediction;
    }
    for (double& divergence : found.divergence)
      divergence = score.skip * dimension + score.out * divergence;
  }
};

Scores scores_of(Network const& network, NoiseLevel const& level, Points const& points) {
  auto const d = static_cast<std::size_t>(network.dimension());
  FromPrediction const from_prediction(network.prediction(), level);
  HostNetwork const host(network);
  Scores scores = room_for(points, network.dimension());
  parallel_rows(points.rows, [&](std::int64_t number) {
    auto const i = static_cast<std::size_t>(number);
    scores.divergence[i] = host.divergence(std::span(points.values).subspan(i * d, d), level,
                                           std::span(scores.score).subspan(i * d, d));
  });
  from_prediction(points, network.dimension(), scores);
  return scores;
}

/// The divergence by a product for each dimension, unless these are too many to be worth it.
Scores scores_of(TorchScriptModel const& script, NoiseLevel const& level, Points const& points) {
  auto const d = static_cast<std::size_t>(script.dimension());
  FromPrediction const from_prediction(script.prediction, level);
  Scores scores = room_for(points, script.dimension());
  if (script.dimension() > most_products) {
    scores.divergence.clear();
    script.predict(points.values, level, scores.score);
  }
  for (std::size_t c = 0; c < d && !scores.divergence.empty(); ++c) {
    std::vector<double> tangents(points.values.size()), products(points.values.size());
    for (std::size_t i = c; i < tangents.size(); i += d) tangents[i] = 1;
    script.products(points.values, level, tangents, scores.score, products);
    for (std::size_t i = 0; i < scores.divergence.size(); ++i)
      scores.divergence[i] += products[i * d + c];
  }
  from_prediction(points, script.dimension(), scores);
  return scores;
}

}  // namespace

Scores scores_at(Subject const& subject, NoiseLevel const& level, Points const& points) {
  if (subject.target()) return scores_of(*subject.target(), level, points);
  return subject.trained() ? scores_of(subject.trained()->network, level, points)
                           : scores_of(*subject.torchscript(), level, points);
}

void spoil(Scores& scores, ScoreError const& error, NoiseLevel const& level, Points const& points,
           int dimension) {
  if (level.is_clean())
    throw Error(Fault::argument, "--score-error needs a level with noise",
                "sigma is 0 at t = " + short_number(level.t(), 6));
  ScoreErrorField const field(error, dimension);
  double const denoised_per_score =
      score_error_factors(ErrorScale::absolute, Prediction::denoised, std::span(&level, 1))[0];
  auto const d = static_cast<std::size_t>(dimension);
  parallel_rows(points.rows, [&](std::int64_t number) {
    auto const i = static_cast<std::size_t>(number);
    std::vector<double> off(d);
    scores.divergence[i] += field.evaluate(std::span(points.values).subspan(i * d, d), level, off);
    for (std::size_t c = 0; c < d; ++c) {
      scores.score[i * d + c] += off[c];
      scores.denoised[i * d + c] += denoised_per_score * off[c];
    }
  });
}

void require_finite(Scores const& scores, std::size_t dimension) {
  for (std::size_t i = 0; i < scores.score.size() / dimension; ++i) {
    double sum = (scores.divergence.empty() ? 0 : scores.divergence[i] * 0) +
                 (scores.logp.empty() ? 0 : scores.logp[i] * 0);
    for (std::size_t c = i * dimension; c < (i + 1) * dimension; ++c)
      sum += scores.score[c] * 0 + scores.denoised[c] * 0;
    if (sum != 0)
      throw Error(Fault::numerics, "the score at point " + std::to_string(i) + " is not finite",
                  scores.logp.empty() ? "the point lies too far out for the model"
                                      : "the point lies too far from the target for float64");
  }
}

}  // namespace retrace::app
