// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>
#include <retrace/run/adaptive_result.hpp>

#include <cstdint>
#include <vector>

namespace retrace {

/// Points carried along the probability flow dx/dt = v(x, t) of a model from data to noise, and
/// what the flow does to volumes on the way:
///   log p_from(x) = log p_to(z) + integral of div v over t
/// (the instantaneous change of variables, Chen et al. 2018, Neural ODEs, theorem 1).
struct Encoded {
  HostArray<double> z = {};  ///< [n][d], the state at the level reached
  /// [n][estimates], the integral: one number where the divergence is exact, else one a probe.
  HostArray<double> change = {};
  std::vector<double> t = {};                  ///< reached: the end of the run where done
  std::vector<std::int64_t> evaluations = {};  ///< of the model for each point; counted
  std::vector<std::int64_t> steps = {};        ///< taken; of adaptive runs in kernels
  std::vector<double> angles = {};  ///< [n][kept_steps], at the end of each step (sde/angle.hpp)
  std::vector<Outcome> outcomes = {};
  double seconds = 0;
};

}  // namespace retrace
