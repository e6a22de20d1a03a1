// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/odeint/host_model.hpp>
#include <retrace/sde/sde.hpp>
#include <retrace/targets/target.hpp>

#include <functional>
#include <span>

namespace retrace {

/// log p_data(x) - log p_from(x) to first order in the noise, and how far off that is, not
/// negative; in nats.
struct TruncationCorrection {
  double nats, left;
};

/// What the ends of a run add to the error of a log likelihood, whatever solves the flow: it starts
/// at p_from instead of the data, and the prior stands for p_to. In nats, not negative; infinite
/// where the data have no density, or where nothing is known. Calls may run in parallel.
struct EndTerms {
  std::function<double(std::span<double const> x)> truncation;
  std::function<TruncationCorrection(std::span<double const> x)> correction;
  std::function<double(std::span<double const> z, double log_prior)> prior;
};

/// Those of a target, by its densities: |log p_data(x) - log p_from(x)| and |log p_to(z) - log
/// prior(z)|. `from` and `to` are times. What a correction leaves is exact too.
[[nodiscard]] EndTerms end_terms(Target const& target, Sde const& sde, double from, double to);

/// Estimates for a model that knows no density: truncation_to_first_order() by its score and
/// divergence at `from`, and instead of p_to the normal law whose score agrees with the model's at
/// the origin to first order. The second is good where p_to is nearly normal, as it is where the
/// prior is any good. Infinite where the model has no derivatives, where that law does not exist,
/// and the prior's beyond 1024 dimensions.
///
/// What a correction leaves is estimated by the square of the sum of its terms' sizes: the next
/// order of the series is of the size of products of two of them, and is less for a normal law.
/// Beside an edge of the data, or where four derivatives are large, it is no bound.
[[nodiscard]] EndTerms end_terms(HostModel const& model, Sde const& sde, double from, double to);

}  // namespace retrace
