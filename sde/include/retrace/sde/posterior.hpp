// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/chain.hpp>

#include <cstdint>
#include <span>
#include <vector>

namespace retrace {

/// What DDPM's formulas need of a chain, entry i for index i (Ho et al. 2020, eq. 6 and 7), in
/// double. q(x_{i-1} | x_i, x_0) = N(coef1 x_0 + coef2 x_i, posterior_variance), where x_{-1} is
/// the data.
struct PosteriorTables {
  std::vector<std::int64_t> timesteps;
  std::vector<double> betas;
  std::vector<double> alpha_bar;
  std::vector<double> alpha_bar_prev;      ///< alpha_bar of index i - 1; 1 for i = 0
  std::vector<double> posterior_variance;  ///< beta (1 - alpha_bar_prev) / (1 - alpha_bar)
  /// Its logarithm; entry 0, where it is 0, repeats entry 1 (log beta in a chain of one).
  std::vector<double> posterior_log_variance_clipped;
  std::vector<double> posterior_mean_coef1;  ///< beta sqrt(alpha_bar_prev) / (1 - alpha_bar)
  std::vector<double>
      posterior_mean_coef2;  ///< (1 - alpha_bar_prev) sqrt(1 - beta) / (1 - alpha_bar)
  /// log beta, entry 0 posterior_log_variance_clipped[0], as improved-diffusion has it.
  std::vector<double> fixed_large_log_variance;
};

[[nodiscard]] PosteriorTables posterior_tables(Chain const& chain);

/// The variance of the reverse step: the posterior's, beta, or between the two in the logarithm, as
/// far as the network says for each component (Nichol and Dhariwal 2021, eq. 15).
enum class PosteriorVariance { fixed_small, fixed_large, learned_range };

/// The logarithm of the variance of the reverse step from index i. `v` in [-1, 1] is what the
/// network says, from log posterior variance at -1 to log beta at 1; only learned_range reads it.
[[nodiscard]] double reverse_log_variance(PosteriorTables const& tables, std::int64_t i,
                                          PosteriorVariance variance, double v = 0);

/// One ancestral step from index i for one sample: coef1 denoised + coef2 x + sqrt(variance) z, at
/// index 0 without noise. `v` may be empty but for learned_range; all others have x.size() numbers.
/// `x` is overwritten. The traced samplers do the same with fixed variances; a variance that the
/// network says for each component is no linear combination, so it is here only.
void ancestral_step(PosteriorTables const& tables, std::int64_t i, PosteriorVariance variance,
                    std::span<double const> denoised, std::span<double const> v,
                    std::span<double const> z, std::span<double> x);

}  // namespace retrace
