// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/sde/beta_schedule.hpp>
#include <retrace/sde/chain.hpp>
#include <retrace/sde/sde.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace retrace {

/// The discrete chain of DDPM: t is the index 0 .. steps - 1, alpha = sqrt(alpha_bar[t]), sigma =
/// sqrt(1 - alpha_bar[t]). It has no drift and no levels between its indices. It is not vp at t /
/// steps: alpha_bar of the last index is 0.934 of what vp has at t = 1.
struct ddpm {
  /// Whether the chain is changed to end at alpha = 0 (Chain::with_zero_snr).
  enum class ZeroSnr { no, yes };

  static constexpr SdeInfo info{
      .name = "ddpm",
      .summary = "the discrete chain of DDPM, t an index from 0",
      .paper = "Ho et al. 2020, Denoising diffusion probabilistic models, eq. 2 and 4",
      .time = Time::indices};

  BetaSchedule schedule = BetaSchedule::linear;
  std::int64_t steps = 1000;
  ZeroSnr zero_snr = ZeroSnr::no;
  std::string file{};                    ///< of betas, in place of schedule and steps
  std::shared_ptr<Chain const> chain{};  ///< given, it is taken as it is; see prepare()

  [[nodiscard]] static std::vector<Option<ddpm>> options();
  /// Throws Error (argument) where a file is given beside a schedule or steps.
  void check() const;
  /// Makes `chain` of the options, unless it is given, and lets `schedule` and `steps` say what it
  /// is. Throws as Chain and betas_of do, Error (file) for what is in the file.
  void prepare();

  /// Only after prepare(), as in any Sde; t an index.
  [[nodiscard]] LevelValues at(double t) const { return chain->at(static_cast<std::int64_t>(t)); }
  [[nodiscard]] double t_max() const { return static_cast<double>(chain->size() - 1); }
  [[nodiscard]] double prior_sigma() const { return 1; }
};

}  // namespace retrace
