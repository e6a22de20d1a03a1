// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/divergence.hpp>
#include <retrace/likelihood/encode.hpp>
#include <retrace/likelihood/error_budget.hpp>
#include <retrace/likelihood/half_width.hpp>
#include <retrace/nn/network.hpp>
#include <retrace/odeint/host_model.hpp>
#include <retrace/run/spoiled.hpp>
#include <retrace/sde/grid.hpp>
#include <retrace/targets/target.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace retrace {

/// Whether a log likelihood comes with its ErrorBudget. The full one solves the flow twice, the
/// second time with smaller steps, for the error of the integration.
enum class Budget { full, none };

/// Whether log p is that of the law the flow starts from, p_from, or that plus the first order of
/// what the data's differs by (likelihood/truncation.hpp), by Tweedie's formula all that the model
/// knows at p_from. The budget's truncation is what is then left.
enum class Truncation { reported, corrected };

/// Whether z is carried back to data by the same solver, to see how far from the point it ends.
enum class RoundTrip { none, measured };

/// What kernels compute in. Rounding in float changes a log likelihood by some 1e-6 (mixtures) to
/// 1e-4 nats (networks), in half of the time; the second run of a full budget is in double and sees
/// it. Tolerances are made attainable().
enum class Arithmetic { in_double, in_float };

struct LikelihoodOptions {
  Span span = {};  ///< from data to noise: the SDE's default end for deterministic samplers, its
                   ///< largest t
  /// How divergences are found; exactly where absent.
  std::optional<DivergenceEstimator> divergence = {};
  EncodeOptions encode = {};
  /// The number of probes is then where each point starts; for divergences that are estimated.
  std::optional<HalfWidth> half_width = {};
  Budget budget = Budget::full;
  Arithmetic arithmetic = Arithmetic::in_double;  ///< of kernels; all else is in double
  Truncation truncation = Truncation::reported;
  RoundTrip round_trip = RoundTrip::none;
};

/// log p(x) of points by the probability flow: log prior(z) + change of volume, in nats. That it
/// should be log p_data(x) is what the budget is about.
struct Likelihood {
  std::vector<double> logp;        ///< prior_logp + delta_logp, [n], + correction where asked for
  std::vector<double> prior_logp;  ///< log N(z; 0, prior_sigma^2 I)
  std::vector<double> delta_logp;  ///< integral of the divergence of dx/dt; the mean of estimates
  std::vector<double> correction;  ///< with Truncation::corrected, else empty
  HostArray<double> z;             ///< [n][d], the points as noise
  /// |x - x'|, x' the point that z comes back to; empty unless measured, infinite where the way
  /// back did not come to its end.
  std::vector<double> round_trip;
  std::vector<std::int64_t> evaluations;         ///< of the model for each point, by the run itself
  std::vector<std::int64_t> budget_evaluations;  ///< and by the second one; empty without
  ErrorBudget error;                             ///< with Budget::none only `trace` and `probes`
  double seconds = 0;
};

/// By an adaptive solver: `dopri5`, `tsit5`, `cash-karp54`, `fehlberg78`, `bulirsch-stoer`. Exact
/// divergences of Gaussian mixtures run in kernels (encode_in_kernels.hpp), everything else on the
/// host (encode.hpp). Points [n][d], row-major. Of the budget,
///   ode         what a run with a thirty-second of the tolerance changes in each of the two
///               summands, times 2, and rounding; beside fehlberg78 that run is by dopri5. It may
///               take four times encode.max_evaluations
///   trace       the standard error over the probes
///               (or to a half-width, or what the limits allowed: ErrorBudget::trace_half_width())
///   prior, truncation   exact, by the target's densities
/// Throws Error as encode() does, and (numerics) where a point does not get to the end.
[[nodiscard]] Likelihood log_likelihood(Target const& target, Sde const& sde,
                                        std::string_view solver, std::span<double const> points,
                                        LikelihoodOptions const& options = {});

/// By a deterministic sampler's own program on a grid from data to noise, for Gaussian mixtures
/// with exact divergences. `ode` is what a grid of twice the steps changes, made that of the order
/// that the sampler claims, times 2, and rounding. Of `options` budget, truncation, round_trip and
/// encode.first_sample count. Throws Error (argument) for other targets.
[[nodiscard]] Likelihood log_likelihood(Target const& target, std::string_view sampler,
                                        Grid const& grid, std::span<double const> points,
                                        LikelihoodOptions const& options = {});

/// Of a target with an error planted in its score, which is the score of no density: the flow has
/// its likelihood all the same. `prior` and `truncation` are those of the target itself; what the
/// planted error changes is in no term.
[[nodiscard]] Likelihood log_likelihood(SpoiledTarget const& target, Sde const& sde,
                                        std::string_view solver, std::span<double const> points,
                                        LikelihoodOptions const& options = {});

/// Of any model on the host, with a divergence of its own, or derivatives, or with_differences().
/// `prior` and `truncation` are estimates (end_terms.hpp).
[[nodiscard]] Likelihood log_likelihood(HostModel const& model, Sde const& sde,
                                        std::string_view solver, std::span<double const> points,
                                        LikelihoodOptions const& options = {});

/// Of a score network, with exact divergences in kernels: by an adaptive solver as above (on the
/// host where the divergence is estimated, for solvers that are no Runge-Kutta pairs, and from
/// sigma = 0 or to alpha = 0), or by a deterministic sampler's own program. `prior` and
/// `truncation` are estimates (end_terms.hpp).
[[nodiscard]] Likelihood log_likelihood(Network const& network, Sde const& sde,
                                        std::string_view solver, std::span<double const> points,
                                        LikelihoodOptions const& options = {});
[[nodiscard]] Likelihood log_likelihood(Network const& network, std::string_view sampler,
                                        Grid const& grid, std::span<double const> points,
                                        LikelihoodOptions const& options = {});

/// -log p / (d log 2): bits per dimension of continuous data, as they are scaled.
[[nodiscard]] double bits_per_dimension(double logp, int dimension);

}  // namespace retrace
