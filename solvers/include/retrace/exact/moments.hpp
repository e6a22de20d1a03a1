// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/exact/gaussian.hpp>
#include <retrace/trace/trace.hpp>

namespace retrace {

/// On Gaussian data the score is affine, so a program's result is Gaussian: these are its exact
/// moments, the scheme's own, without sampling. The program may come in segments: `Moments` goes
/// through them in order. One dimension; many dimensions go one eigendirection of the data's
/// covariance at a time.
class Moments {
 public:
  /// Data N(m, c); the run starts from `start`.
  Moments(Normal const& data, Normal const& start);

  void run(Program const& segment);
  /// Of the last segment's result.
  [[nodiscard]] Normal result() const;

 private:
  Normal data_;
  std::vector<long double> mean_, covariance_;  // of the values carried, [v] and [v][v]
};

/// Of a sampler on a grid, for a model with any native prediction (the result does not depend on
/// it).
[[nodiscard]] Normal moments(AnySampler const& sampler, Grid const& grid, Normal const& data,
                             Normal const& start, Prediction native = Prediction::denoised,
                             LastNoise last_noise = LastNoise::keep);

/// In many dimensions. `start` must have the eigenvectors of the data's covariance (p_t at any
/// level has).
[[nodiscard]] Gaussian moments(AnySampler const& sampler, Grid const& grid, Gaussian const& data,
                               Gaussian const& start);

}  // namespace retrace
