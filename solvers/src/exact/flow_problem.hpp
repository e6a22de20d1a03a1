// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/targets/mixture.hpp>
#include <retrace/trace/trace.hpp>

#include <vector>

namespace retrace {

/// Three correlated Gaussians in two dimensions, and points to start from at a level, [count][2].
[[nodiscard]] Mixture flow_mixture();
[[nodiscard]] std::vector<double> flow_starts(NoiseLevel const& s, int count);

/// A nonlinear probability-flow ODE with a known solution: four points in the mixture, carried from
/// one level to another.
class FlowProblem {
 public:
  FlowProblem(Sde const& sde, Span span);

  /// Root of the summed squared distances of the four ends to the exact ones. Grids must span what
  /// the problem spans. Calls may run in parallel.
  [[nodiscard]] double error(AnySampler const& sampler, Grid const& grid) const;

 private:
  [[nodiscard]] std::vector<double> ends(AnySampler const& sampler, Grid const& grid) const;

  Mixture mixture_;
  std::vector<double> starts_, exact_;  // [4][2]
};

}  // namespace retrace
