// SPDX-License-Identifier: Apache-2.0
#include <retrace/sde/registry.hpp>
#include <retrace/training/weighting.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace retrace {
namespace {

/// An error of what is predicted that comes from an error of 1 of epsilon, x being known.
double error_of(Prediction prediction, NoiseLevel const& s) {
  double const of_x0 = -s.sigma() / s.alpha();
  switch (prediction) {
    case Prediction::noise:
      return 1;
    case Prediction::denoised:
      return of_x0;
    case Prediction::score:
      return -1 / s.sigma();
    case Prediction::velocity:
      return s.alpha() - s.sigma() * of_x0;
    case Prediction::flow:
      return s.alpha_rate() * of_x0 + s.sigma_rate();
  }
  return 0;
}

TEST(Weighting, CountsTheSameErrorAlikeWhateverIsPredicted) {
  double const s_data = 0.7;
  for (auto const* const name : {"vp", "ve", "sub-vp", "edm", "cosine", "rectified-flow"}) {
    Sde const sde = make_sde(name);
    for (double const part : {0.05, 0.3, 0.8}) {
      NoiseLevel const level = sde.at(part * sde.t_max());
      double const rho = level.sigma() / level.alpha(), g2 = level.g2(), sigma = level.sigma();
      for (auto const& [prediction_name, value] : names<Prediction>()) {
        Prediction const prediction = value;
        SCOPED_TRACE(std::string(name) + " " + std::string(prediction_name));
        double const e = error_of(prediction, level);
        auto const near = [&](Weighting weighting, double expected) {
          double const found = e * e * loss_weight(weighting, prediction, s_data, level);
          EXPECT_NEAR(found / expected, 1, 1e-11);
        };
        near(Weighting::prediction, e * e);
        near(Weighting::epsilon, 1);
        near(Weighting::likelihood, g2 / (sigma * sigma));
        // As the papers have them: for the error rho of x0, and min(SNR, 5).
        near(Weighting::edm,
             (rho * rho + s_data * s_data) / (rho * rho * s_data * s_data) * rho * rho);
        near(Weighting::min_snr, std::min(1 / (rho * rho), 5.0) * rho * rho);
      }
    }
  }
}

}  // namespace
}  // namespace retrace
