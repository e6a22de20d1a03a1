// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/mixture.hpp>

#include <span>
#include <vector>

namespace retrace {

/// The exact law of u . x for x from a mixture: again a mixture, on the line, with means u . m_k
/// and variances u^T C_k u. Measured from `origin`, u . E x, so that partial means keep digits.
class LineMixture {
 public:
  LineMixture(Mixture const& law, std::span<double const> direction);

  struct Values {
    double probability;   ///< F(y)
    double density;       ///< F'(y)
    double partial_mean;  ///< integral of v F'(v) to y
  };
  [[nodiscard]] double origin() const { return origin_; }
  [[nodiscard]] double variance() const { return variance_; }
  [[nodiscard]] double distribution(double y) const;
  [[nodiscard]] Values values(double y) const;

  /// The quantile of a probability in (0, 1) that is not within 1e-12 of its ends, by Newton's
  /// method inside a bracket.
  struct Quantile {
    double y;
    double density;       ///< F' there
    double partial_mean;  ///< the integral of all quantiles below
  };
  [[nodiscard]] Quantile quantile(double probability, double start) const;

 private:
  static constexpr double far = 8.5;  // deviations; Phi(-far) is nothing beside 1

  struct Component {
    double weight, mean, deviation;
  };
  std::vector<Component> components_;
  double origin_ = 0, variance_ = 0, low_ = 0, high_ = 0;
};

}  // namespace retrace
