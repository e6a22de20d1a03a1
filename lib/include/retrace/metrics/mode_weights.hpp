// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/metrics/checked.hpp>
#include <retrace/targets/mixture.hpp>

#include <span>
#include <vector>

namespace retrace {

struct ModeWeights {
  /// The share of every component of the law. All of them pass at once for all but check_level of
  /// exact samples.
  std::vector<Checked> components;
  /// The largest |value - expected| of them in units of its own threshold: {that, 0, 1}.
  Checked largest;
};

/// How samples x [n][d] (rows contiguous) are shared out among the components of the law: the mean
/// of gamma_k(x), the probability that x came from component k. For components far apart it is the
/// share of the samples near each. Under the law its mean is the weight w_k exactly, however much
/// components overlap. The same bits for any number of threads.
///
/// The thresholds hold for every n and every law, by Bonferroni over the K components: the
/// smaller of the bounds of Bernstein, with Var gamma_k <= w_k (1 - w_k), and of Maurer and Pontil
/// (2009, theorem 4), with the variance v_k of the samples, which is far less where components
/// overlap. With L = log(6 K / check_level):
///   sqrt(2 w_k (1 - w_k) L / n) + L / (3 n),   sqrt(2 v_k L / n) + 7 L / (3 (n - 1)).
///
/// Throws Fault::argument for samples that are none (empty, no whole number of rows, not finite);
/// Fault::numerics for a sample so far out that every density is zero.
[[nodiscard]] ModeWeights mode_weights(std::span<double const> x, Mixture const& law);

}  // namespace retrace
