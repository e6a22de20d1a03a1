// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/exact/gaussian.hpp>
#include <retrace/exact/point_law.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace retrace {

/// E[x0 | x] = shift + slope x on Gaussian data.
[[nodiscard]] inline std::pair<long double, long double> denoiser(Normal const& data,
                                                                  NoiseLevel const& s) {
  long double const alpha = s.alpha(), noise = static_cast<long double>(s.sigma()) * s.sigma();
  long double const total = alpha * alpha * data.variance + noise;
  return {noise * data.mean / total, alpha * data.variance / total};
}

/// E[x0 | x] of a mixture at one level.
class MixtureDenoiser {
 public:
  MixtureDenoiser(NormalMixture const& data, NoiseLevel const& s) {
    for (std::size_t k = 0; k < data.parts.size(); ++k) {
      auto const [shift, slope] = denoiser(data.parts[k], s);
      Normal const law = marginal(data.parts[k], s);
      parts_.push_back({law.mean, -0.5 / law.variance,
                        std::log(data.weights[k]) - std::log(law.variance) / 2,
                        static_cast<double>(shift), static_cast<double>(slope)});
    }
  }
  [[nodiscard]] double operator()(double x) const {
    double top = -HUGE_VAL, total = 0, sum = 0;
    for (Part const& part : parts_) top = std::max(top, part.log_weight(x));
    for (Part const& part : parts_) {
      double const weight = std::exp(part.log_weight(x) - top);
      total += weight;
      sum += weight * (part.shift + part.slope * x);
    }
    return sum / total;
  }

 private:
  struct Part {
    double mean, curvature, log_factor, shift, slope;
    [[nodiscard]] double log_weight(double x) const {
      return log_factor + curvature * (x - mean) * (x - mean);
    }
  };
  std::vector<Part> parts_;
};

}  // namespace retrace
