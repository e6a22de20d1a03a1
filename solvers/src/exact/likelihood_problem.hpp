// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/odeint/host_model.hpp>
#include <retrace/targets/mixture.hpp>
#include <retrace/trace/trace.hpp>

namespace retrace {

/// Log likelihoods with known values: the four points in the mixture of FlowProblem, carried from
/// data to noise with their volume as one more row (volume_row()), by the reference interpreter.
class LikelihoodProblem {
 public:
  LikelihoodProblem();

  /// Root of the summed squares of log p_to(z) + change of volume - log p_from(x), the densities
  /// exact, on a grid from data to noise. Calls may run in parallel.
  [[nodiscard]] double error(AnySampler const& sampler, Grid const& grid) const;

 private:
  Mixture mixture_;
  HostModel model_;
};

}  // namespace retrace
