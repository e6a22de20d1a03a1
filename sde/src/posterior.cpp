// SPDX-License-Identifier: Apache-2.0
#include <retrace/sde/posterior.hpp>

#include <cassert>
#include <cmath>

namespace retrace {

PosteriorTables posterior_tables(Chain const& chain) {
  PosteriorTables tables;
  tables.timesteps = chain.timesteps();
  tables.betas = chain.betas();
  double log_before = 0;
  for (std::size_t i = 0; i < chain.betas().size(); ++i) {
    double const beta = chain.betas()[i], log_alpha_bar = chain.log_alpha_bar()[i];
    double const variance = -std::expm1(log_alpha_bar),
                 variance_before = 0 - std::expm1(log_before);  // 0, not -0, at first
    double const posterior = beta * variance_before / variance;
    tables.alpha_bar.push_back(std::exp(log_alpha_bar));
    tables.alpha_bar_prev.push_back(std::exp(log_before));
    tables.posterior_variance.push_back(posterior);
    tables.posterior_log_variance_clipped.push_back(std::log(posterior));
    tables.posterior_mean_coef1.push_back(beta * std::exp(log_before / 2) / variance);
    tables.posterior_mean_coef2.push_back(variance_before * std::exp(chain.log_steps()[i] / 2) /
                                          variance);
    tables.fixed_large_log_variance.push_back(std::log(beta));
    log_before = log_alpha_bar;
  }
  auto& clipped = tables.posterior_log_variance_clipped;
  clipped[0] = clipped.size() > 1 ? clipped[1] : tables.fixed_large_log_variance[0];
  tables.fixed_large_log_variance[0] = clipped[0];
  return tables;
}

double reverse_log_variance(PosteriorTables const& tables, std::int64_t i,
                            PosteriorVariance variance, double v) {
  auto const at = static_cast<std::size_t>(i);
  double const small = tables.posterior_log_variance_clipped[at];
  switch (variance) {
    case PosteriorVariance::fixed_small:
      return small;
    case PosteriorVariance::fixed_large:
      return tables.fixed_large_log_variance[at];
    case PosteriorVariance::learned_range:
      return std::lerp(small, std::log(tables.betas[at]), (v + 1) / 2);
  }
  assert(false);
  return small;
}

void ancestral_step(PosteriorTables const& tables, std::int64_t i, PosteriorVariance variance,
                    std::span<double const> denoised, std::span<double const> v,
                    std::span<double const> z, std::span<double> x) {
  auto const at = static_cast<std::size_t>(i);
  for (std::size_t c = 0; c < x.size(); ++c) {
    double const noise =
        i == 0
            ? 0
            : std::exp(reverse_log_variance(tables, i, variance, v.empty() ? 0 : v[c]) / 2) * z[c];
    x[c] = tables.posterior_mean_coef1[at] * denoised[c] + tables.posterior_mean_coef2[at] * x[c] +
           noise;
  }
}

}  // namespace retrace
