// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/probes.hpp>

#include <cstdint>
#include <memory>

namespace retrace::divergences {

/// Hutchinson's estimates e'(dv/dx)e, one a probe, each of the same probe from the first evaluation
/// of a point to its last: their mean estimates the divergence, their spread the variance of it
/// (Hutchinson 1990; Grathwohl et al. 2019, FFJORD, section 3.1). With A the integral of the
/// Jacobian's symmetric part, where that does not depend on the point, the variance is 2 |A|_F^2
/// for Gaussian probes, and less twice the squares of the diagonal for Rademacher's.
///
/// What scales with |e|^2 is not replaced by its mean: an estimate is that of the flow in x and t,
/// whatever variables a solver takes.
struct hutchinson {
  Probes probes = Probes::drawn(8);

  [[nodiscard]] int estimates() const { return probes.count(); }
  /// By probes number first .. first + count - 1 of the same stream; errors as Probes::further().
  [[nodiscard]] hutchinson further(int first, int count) const {
    return {probes.further(first, count)};
  }
  /// Throws Error (argument) for a model without derivatives and probes of another shape.
  void check(HostModel const& model, std::int64_t points) const;
  [[nodiscard]] std::unique_ptr<PointEstimator> at_point(HostModel const& model,
                                                         PointNumber number) const;
};

}  // namespace retrace::divergences
