// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/core/noise_level.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace retrace {

/// A discrete diffusion: index i = 0 .. size() - 1 is DDPM's t = i + 1 (Ho et al. 2020, section 2),
/// x_i = sqrt(1 - beta_i) x_{i-1} + sqrt(beta_i) z, so that alpha = sqrt(alpha_bar) and sigma =
/// sqrt(1 - alpha_bar). Kept as log(1 - beta) and its sums, in double: neither alpha_bar near 1 nor
/// near 0 loses digits. A value.
class Chain {
 public:
  /// Throws Error (argument), naming the index, for no beta, a beta outside (0, 1) or NaN, and
  /// where alpha_bar does not decrease (a beta below its rounding).
  explicit Chain(std::vector<double> betas);
  /// From alpha_bar itself, of which the last may be 0. Throws Error (argument), naming the index,
  /// where it does not decrease strictly within [0, 1).
  [[nodiscard]] static Chain of_alpha_bar(std::span<double const> alpha_bar);

  /// The chain of some of the indices only, ascending, its betas 1 - alpha_bar / alpha_bar_prev
  /// (Nichol and Dhariwal 2021, section 4). Throws Error (argument) for indices that do not rise
  /// within [0, size()).
  [[nodiscard]] Chain respaced(std::vector<std::int64_t> const& indices) const;
  /// sqrt(alpha_bar) shifted and scaled so that the first stays and the last is 0: beta_last = 1
  /// (Lin et al. 2024, "Common diffusion noise schedules and sample steps are flawed", Algorithm
  /// 1). lambda does not exist there. Throws Error (argument) for a chain of one step.
  [[nodiscard]] Chain with_zero_snr() const;

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(betas_.size()); }
  /// Index in the chain that this one is a respacing of: what a network was trained on.
  [[nodiscard]] std::vector<std::int64_t> const& timesteps() const { return timesteps_; }
  [[nodiscard]] std::vector<double> const& betas() const { return betas_; }
  /// log(1 - beta_i) = log(alpha_bar_i / alpha_bar_{i-1}).
  [[nodiscard]] std::vector<double> const& log_steps() const { return log_steps_; }
  [[nodiscard]] std::vector<double> const& log_alpha_bar() const { return log_alpha_bar_; }

  /// alpha and sigma at an index, t the index; no derivatives.
  [[nodiscard]] LevelValues at(std::int64_t index) const;
  [[nodiscard]] NoiseLevel level(std::int64_t index) const { return NoiseLevel(at(index)); }

  /// The place of a log-SNR among the indices, linear in lambda between two of them, the first or
  /// last index beyond the ends. A last index with alpha = 0 lies infinitely far: only lambda =
  /// -infinity is there.
  [[nodiscard]] double index_of_lambda(double lambda) const;

 private:
  Chain() = default;
  /// Sums log_steps_; refuses sums that do not fall.
  void accumulate();

  std::vector<std::int64_t> timesteps_;
  std::vector<double> betas_, log_steps_, log_alpha_bar_;
};

}  // namespace retrace
