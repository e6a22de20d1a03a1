// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/samplers/sampler_info.hpp>
#include <retrace/trace/trace.hpp>

#include <cmath>
#include <cstdint>
#include <vector>

namespace retrace {

/// Annealed Langevin dynamics (Song and Ermon 2019, Algorithm 1), with the step of the corrector of
/// Song et al. 2021 (Algorithms 4 and 5): at each level s that a step starts from, `steps` times
///   x' = x + e score + sqrt(2 e) z,    e = 2 (snr sigma_s)^2.
///
/// The papers' e has snr |z| / |score| for snr sigma, averaged over a batch. Here those norms are
/// what they are where noise dominates, |score| = |z| / sigma, so that no sample depends on others,
/// as in the corrector `ald` of score_sde's code, and VP's factor 1 - beta, which depends on the
/// chain, is left out: one formula for every SDE.
///
/// A level is left by nothing but the next level's corrections: the result belongs to the last
/// level that a step starts from, not to the one where the grid ends. The step to sigma = 0 is the
/// tracer's, without corrections. Where p_s is N(m, v) corrections lead to N(m, v / (1 - e / 2v)),
/// a bias that does not shrink with the grid's steps: there is no order.
struct langevin {
  std::int64_t steps = 1;
  double snr = 0.16;

  static constexpr SamplerInfo info{
      .name = "langevin",
      .summary = "annealed Langevin dynamics: corrections at each level",
      .paper =
          "Song, Ermon 2019, Generative modeling by estimating gradients, Algorithm 1; "
          "Song et al. 2021, Algorithms 4 and 5",
      .claims = Claims::nothing};
  static std::vector<Option<langevin>> options() {
    return {integer_option("steps", &langevin::steps, 1, 1000, "corrections at each level"),
            real_option("snr", &langevin::snr, Range::positive(), "size of a correction")};
  }

  /// One correction with the noise z.
  static Vec correct(Recorder& model, Vec const& x, NoiseLevel const& s, double snr, Vec const& z) {
    double const e = 2 * snr * s.sigma() * snr * s.sigma();
    return x + e * model.score(x, s) + std::sqrt(2 * e) * z;
  }

  Vec operator()(Recorder& model, Grid const& grid, Vec x) const {
    for (auto const [s, t, i] : grid.steps())
      for (std::int32_t k = 0; k < steps; ++k) x = correct(model, x, s, snr, model.normal(s, s, k));
    return x;
  }
};

}  // namespace retrace
