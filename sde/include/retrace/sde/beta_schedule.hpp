// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace retrace {

/// How much noise each step of a discrete chain of M steps adds: beta_i, i = 0 .. M - 1, where
/// alpha_bar[i] = (1 - beta_0) ... (1 - beta_i) and index i is DDPM's t = i + 1.
enum class BetaSchedule {
  linear,         ///< linspace(1e-4, 0.02, M) x 1000 / M (Ho et al. 2020, section 4, for any M)
  scaled_linear,  ///< linspace(sqrt 0.00085, sqrt 0.012, M)^2, latent diffusion's (Rombach et al.
                  ///< 2022); it has no factor 1000 / M: more steps end in more noise
  cosine,   ///< alpha_bar(t) = cos^2((t + 0.008) / 1.008 pi / 2) (Nichol and Dhariwal 2021, eq. 17)
  sigmoid,  ///< alpha_bar(t) = (s(3) - s(6t - 3)) / (s(3) - s(-3)), s logistic (Jabri et al. 2023)
  given,    ///< betas of the user's
};

/// Every schedule that makes its own betas, by name. diffusers' squaredcos_cap_v2, here
/// `squared-cosine`, is `cosine` under another name.
[[nodiscard]] std::vector<std::pair<std::string_view, BetaSchedule>> const& beta_schedules();

/// The schedule of that name; throws Error (argument) with the nearest one.
[[nodiscard]] BetaSchedule beta_schedule(std::string_view name);
[[nodiscard]] std::string_view name_of(BetaSchedule schedule);

/// Chains are kept whole in memory.
inline constexpr std::int64_t most_chain_steps = 1'000'000;

/// The betas of a schedule other than `given`. For cosine and sigmoid beta_i = min(1 -
/// alpha_bar((i + 1) / M) / alpha_bar(i / M), 0.999), computed without the cancellation. Throws
/// Error (argument) for steps outside [1, most_chain_steps], and for linear with steps < 21, whose
/// last beta would not be less than 1.
[[nodiscard]] std::vector<double> betas_of(BetaSchedule schedule, std::int64_t steps);

/// The betas of an .npy of shape [M]. Throws Error (file) with the file's name for anything else;
/// Chain checks the values.
[[nodiscard]] std::vector<double> read_betas(std::string_view file);

}  // namespace retrace
