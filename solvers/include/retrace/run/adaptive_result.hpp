// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/batch.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace retrace {

/// What an adaptive solver may get wrong in a step: |error| <= atol + rtol |state|.
struct Tolerance {
  double rtol = 1e-5, atol = 1e-5;

  /// Throws Error (argument) that names --rtol or --atol where one is not in (0, 1].
  void check() const;
};

/// How a sample of an adaptive run ended. In all cases but `nonfinite` its state is finite and at
/// the level it has reached.
enum class Outcome {
  done,            ///< at the end of the run
  nonfinite,       ///< its start was not finite; the model was not called
  step_underflow,  ///< no step, however small, was finite and within the tolerance
  max_steps,       ///< as many evaluations as were allowed
};

/// `done`, `nonfinite`, `step-underflow` or `max-steps`.
[[nodiscard]] std::string_view name(Outcome outcome);

/// What an adaptive run leaves. Steps are those of each sample, so everything but the seed is
/// counted per sample.
template <class T>
struct AdaptiveSamples {
  HostArray<T> x = {};                         ///< [samples][dimension]
  std::vector<double> t = {};                  ///< level reached: the end of the run where done
  std::vector<std::int64_t> evaluations = {};  ///< of the model; counted
  std::vector<std::int64_t> steps = {};        ///< taken
  std::vector<std::int64_t> rejections = {};   ///< steps tried and not taken
  std::vector<double> angles = {};  ///< [samples][kept_steps] at the end of each (sde/angle.hpp)
  std::vector<std::int64_t> draws = {};  ///< normals after the start; empty where there are none
  std::vector<Outcome> outcomes = {};
  Tolerance tolerance = {};  ///< that was kept
  double lane_use = 1;       ///< share of the lanes of a kernel\'s tiles that worked on a sample
  std::uint64_t seed = 0;
  double seconds = 0;

  [[nodiscard]] std::int64_t count(Outcome outcome) const {
    return std::count(outcomes.begin(), outcomes.end(), outcome);
  }
};

}  // namespace retrace
