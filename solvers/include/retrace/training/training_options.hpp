// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/training/time_sampler.hpp>
#include <retrace/training/weighting.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace retrace {

/// How a network is trained: by Adam, decoupled weight decay (AdamW, Loshchilov and Hutter 2019),
/// a linear warm-up and then half a cosine to 0.
struct TrainingOptions {
  std::int64_t iterations = 40'000;
  std::int64_t batch = 512;
  std::uint64_t seed = 0;
  Weighting weighting = Weighting::prediction;
  TimeSampling time_sampling = TimeSampling::importance;
  double learning_rate = 2e-3;
  std::int64_t warm_up = 200;  ///< iterations
  double weight_decay = 0;
  double clip = 1;  ///< largest norm of the gradient; 0: any
  /// Rates of exponential moving averages of the parameters, each in [0, 1). In the first
  /// iterations (1 + i) / (10 + i) where that is less. The first one makes the trained network.
  std::vector<double> ema{0.999};
  /// How often the class of an example is withheld (y = 0), so that the network learns the law of
  /// all classes as well: what guidance needs (Ho and Salimans 2022, algorithm 1).
  double drop_condition = 0;
};

/// Throws Error (argument) for options out of range.
void check(TrainingOptions const& options);

/// At iteration i.
[[nodiscard]] double learning_rate_at(TrainingOptions const& options, std::int64_t i);

}  // namespace retrace
