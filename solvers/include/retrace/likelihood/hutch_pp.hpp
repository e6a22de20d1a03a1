// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/probes.hpp>

#include <cstdint>
#include <memory>

namespace retrace::divergences {

/// Hutch++ for large d (Meyer et al. 2021, algorithm 1): exact on the range Q of the Jacobian times
/// a sketch of `sketch` random vectors, Hutchinson on what is left:
///   tr(Q'JQ) + g'(1 - QQ')J(1 - QQ')g
/// an estimate a probe g; the paper's is their mean. Unbiased given the sketch, which stays as it
/// is for the whole solve, while Q follows the Jacobian. An evaluation takes 2 sketch + probes
/// products; where the sketch fills the space it takes none for the probes, and is exact.
///
/// Departure: the sketch is Gaussian, not of signs, of which two vectors may be the same in low
/// dimension. Q would then hold a vector made of rounding errors, and no step would be short
/// enough.
struct hutch_pp {
  Probes probes = Probes::drawn(8);
  int sketch = 8;
  std::uint64_t seed = 0;  ///< of the sketch

  [[nodiscard]] int estimates() const { return probes.count(); }
  /// By probes number first .. first + count - 1 of the same stream; errors as Probes::further().
  [[nodiscard]] hutch_pp further(int first, int count) const {
    return {probes.further(first, count), sketch, seed};
  }
  /// Throws Error (argument) for a model without derivatives, probes of another shape and a sketch
  /// of fewer than one vector.
  void check(HostModel const& model, std::int64_t points) const;
  [[nodiscard]] std::unique_ptr<PointEstimator> at_point(HostModel const& model,
                                                         PointNumber number) const;
};

}  // namespace retrace::divergences
