// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <retrace/likelihood/encode.hpp>
#include <retrace/likelihood/spread.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace retrace {

/// How narrow the interval of an estimated divergence is wanted: mean +- half-width, by the spread
/// of the estimates, holds the integral with this confidence (ErrorBudget::trace_half_width(); mind
/// what it supposes). It is for the trace term alone.
///
/// That the interval decides when to stop costs some of its confidence, which is made up for: it is
/// not trusted before `fewest_probes`, and then is that of confidence_of_a_look(), a sixth wider.
/// Stopped by Student's interval from 8 probes on, 95 % are 90 to 93 in ten dimensions.
struct HalfWidth {
  static constexpr int fewest_probes = 32;
  double nats;
  double confidence = 0.95;
  int most_probes = 4096;  ///< for each point

  /// Throws Error (argument) for a half-width that is not positive and finite, a confidence outside
  /// (0, 1) and fewer than 2 probes.
  void check() const;
};

/// Points carried as by encode(), in rounds: probes 0 .. K - 1, K the number of the estimator's,
/// then K .. 2 K - 1, then 2 K .. 4 K - 1 and so on, doubling, each round a solve of its own.
struct EncodedInRounds {
  Encoded first = {};               ///< the first round, but evaluations of all
  std::vector<Spread> change = {};  ///< of the estimates of all rounds that were done
  std::vector<Outcome> last = {};   ///< of the last round of each point
};

/// What is known of a point after a round: whether it needs another.
struct RoundsSoFar {
  std::size_t row;
  Spread const& change;
  std::int64_t evaluations, evaluations_of_last;
};

/// Solves rounds for each point while `goes_on` says so and the last one came to its end. A point's
/// result depends on where it stopped, and on nothing else. Errors as encode(), and (argument) for
/// estimators without further probes.
[[nodiscard]] EncodedInRounds encode_in_rounds(
    HostModel const& model, Sde const& sde, OdeStepper const& stepper, Span span,
    std::span<double const> points, DivergenceEstimator const& divergence,
    EncodeOptions const& options, std::function<bool(RoundsSoFar const&)> const& goes_on);

/// Until the interval is as narrow as wanted, of HalfWidth::fewest_probes or more, or another round
/// would take more probes than allowed or, as far as the last one tells, more evaluations than
/// options.max_evaluations.
[[nodiscard]] EncodedInRounds encode_to_half_width(HostModel const& model, Sde const& sde,
                                                   OdeStepper const& stepper, Span span,
                                                   std::span<double const> points,
                                                   DivergenceEstimator const& divergence,
                                                   EncodeOptions const& options,
                                                   HalfWidth const& wanted);

}  // namespace retrace
